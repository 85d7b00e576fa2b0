package dev.parley.client;

import java.util.List;
import java.util.Map;

/** What several models are asked side by side: {@code CompareRequest.of("…", "sandbox/terse", "sandbox/thorough")}. */
public record CompareRequest(Map<String, Object> fields) implements Request<CompareRequest> {
    /** What one of the models is told otherwise; null means as the others. */
    public record ModelOverride(String model, Double temperature, Integer maxTokens, String systemPrompt) {}

    /** Returns one user's message to some models, up to 10. */
    public static CompareRequest of(String text, String... models) {
        return new CompareRequest(Map.of()).set("models", List.of(models)).messages(Message.user(text));
    }

    @Override
    public CompareRequest with(Map<String, Object> fields) { return new CompareRequest(fields); }

    /** The conversation, in place of the one message. */
    public CompareRequest messages(Message... messages) { return set("messages", List.of(messages)); }

    /** What single models are told otherwise. */
    public CompareRequest modelOverrides(ModelOverride... each) { return set("model_overrides", List.of(each)); }

    /** The model that compares. */
    public CompareRequest comparisonModel(String name) { return set("comparison_model", name); }

    /** What it is told besides its own instructions. */
    public CompareRequest comparisonInstructions(String text) { return set("comparison_instructions", text); }

    /** For every model, 0 to 2. */
    public CompareRequest temperature(double temperature) { return set("temperature", temperature); }

    /** The most tokens of each answer; the comparison is not bound by it. */
    public CompareRequest maxTokens(int tokens) { return set("max_tokens", tokens); }

    /** Whether the answers are enough, without a comparison. */
    public CompareRequest skipComparison(boolean skips) { return set("skip_comparison", skips); }

    /** Whether calls that were made before may be answered from the server's cache. */
    public CompareRequest cache(boolean caches) { return set("cache", caches); }

    /** A stored template by name or id, and a value for each of its placeholders. */
    public CompareRequest template(String name, Map<String, String> variables) {
        return set("template", name).set("variables", variables);
    }
}
