package dev.parley.client;

import java.util.List;
import java.util.Map;

/** What several models are asked side by side. {@code fields} are those of the request's JSON; see {@code docs/compare.md}. */
public record CompareRequest(Map<String, Object> fields) {
    /** What one of the models is told otherwise; null means as the others. */
    public record Override(String model, Double temperature, Integer maxTokens, String systemPrompt) {}

    /** Begins a request; it needs {@code models}, and {@code messages} or a {@code template}. */
    public static Builder builder() { return new Builder(); }

    /** Sets the fields of a comparison. */
    public static final class Builder extends RequestBuilder<Builder> {
        private Builder() {}

        /** The models, up to 10; duplicates are dropped. */
        public Builder models(String... names) { return set("models", List.of(names)); }

        /** The conversation so far. */
        public Builder messages(Message... messages) { return set("messages", List.of(messages)); }

        /** What single models are told otherwise. */
        public Builder modelOverrides(Override... overrides) { return set("model_overrides", List.of(overrides)); }

        /** The model that compares. */
        public Builder comparisonModel(String name) { return set("comparison_model", name); }

        /** What it is told besides its own instructions. */
        public Builder comparisonInstructions(String text) { return set("comparison_instructions", text); }

        /** For every model, 0 to 2. */
        public Builder temperature(double temperature) { return set("temperature", temperature); }

        /** The most tokens of each answer; the comparison is not bound by it. */
        public Builder maxTokens(int tokens) { return set("max_tokens", tokens); }

        /** Whether the answers are enough, without a comparison. */
        public Builder skipComparison(boolean skips) { return set("skip_comparison", skips); }

        /** Whether calls that were made before may be answered from the server's cache. */
        public Builder cache(boolean caches) { return set("cache", caches); }

        /** A stored template, by name or id, and a value for each of its placeholders. */
        public Builder template(String name, Map<String, String> variables) {
            return set("template", name).set("variables", variables);
        }

        /** Returns the request. */
        public CompareRequest build() { return new CompareRequest(fields()); }
    }
}
