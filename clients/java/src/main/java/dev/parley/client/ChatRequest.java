package dev.parley.client;

import java.util.List;
import java.util.Map;

/** What one model is asked, as OpenAI defines it. {@code fields} are those of the request's JSON; see {@code docs/chat.md}. */
public record ChatRequest(Map<String, Object> fields) {
    /** Begins a request; it needs {@code model}, and {@code messages} or a {@code template}. */
    public static Builder builder() { return new Builder(); }

    /** Sets the fields of a chat; what has no method here ({@code seed}, {@code response_format} …) goes through {@code set}. */
    public static final class Builder extends RequestBuilder<Builder> {
        private Builder() {}

        /** The model, or {@code panel/NAME} for a panel of the server's configuration. */
        public Builder model(String name) { return set("model", name); }

        /** The models that are tried in order when {@code model} fails. */
        public Builder models(String... fallbacks) { return set("models", List.of(fallbacks)); }

        /** The conversation so far. */
        public Builder messages(Message... messages) { return set("messages", List.of(messages)); }

        /** From 0 to 2. */
        public Builder temperature(double temperature) { return set("temperature", temperature); }

        /** The most tokens of the answer. */
        public Builder maxTokens(int tokens) { return set("max_tokens", tokens); }

        /** How hard the model thinks: {@code none}, {@code minimal}, {@code low} … {@code max}. */
        public Builder reasoningEffort(String effort) { return set("reasoning_effort", effort); }

        /** A tool that the model may call, its parameters as a JSON Schema. */
        public Builder tools(Tool... tools) { return set("tools", List.of(tools)); }

        /** Whether a stream ends with a chunk that has the usage. */
        public Builder includeUsage(boolean includes) { return set("stream_options", Map.of("include_usage", includes)); }

        /** The server's limit in seconds, up to 300; not the timeout of this client. */
        public Builder timeoutSeconds(double seconds) { return set("timeout", seconds); }

        /** Whether a call that was made before may be answered from the server's cache. */
        public Builder cache(boolean caches) { return set("cache", caches); }

        /** A stored template, by name or id, and a value for each of its placeholders. */
        public Builder template(String name, Map<String, String> variables) {
            return set("template", name).set("variables", variables);
        }

        /** Returns the request. */
        public ChatRequest build() { return new ChatRequest(fields()); }
    }

    /** A function that the model may call. */
    public record Tool(String type, Map<String, Object> function) {
        /** Returns a function with its parameters as a JSON Schema. */
        public static Tool function(String name, String description, Map<String, ?> parameters) {
            return new Tool("function", Map.of("name", name, "description", description, "parameters", parameters));
        }
    }
}
