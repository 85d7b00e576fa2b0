package dev.parley.client;

import java.util.List;
import java.util.Map;

/** What one model is asked, as OpenAI defines it; {@code set} takes what has no method here, such as {@code seed}. */
public record ChatRequest(Map<String, Object> fields) implements Request<ChatRequest> {
    /** Returns a conversation with a model, or with {@code panel/NAME}, a panel of the server's configuration. */
    public static ChatRequest of(String model, Message... messages) {
        return new ChatRequest(Map.of()).set("model", model).set("messages", List.of(messages));
    }

    @Override
    public ChatRequest with(Map<String, Object> fields) { return new ChatRequest(fields); }

    /** The models that are tried in order when the first fails. */
    public ChatRequest fallbacks(String... models) { return set("models", List.of(models)); }

    /** From 0 to 2. */
    public ChatRequest temperature(double temperature) { return set("temperature", temperature); }

    /** The most tokens of the answer. */
    public ChatRequest maxTokens(int tokens) { return set("max_tokens", tokens); }

    /** How hard the model thinks: {@code none}, {@code minimal}, {@code low} … {@code max}. */
    public ChatRequest reasoningEffort(String effort) { return set("reasoning_effort", effort); }

    /** The functions that the model may call, as OpenAI spells tools. */
    public ChatRequest tools(List<Map<String, Object>> tools) { return set("tools", tools); }

    /** Ends a stream with a chunk that has the usage. */
    public ChatRequest includeUsage() { return set("stream_options", Map.of("include_usage", true)); }

    /** The server's limit in seconds, up to 300; not the timeout of this client. */
    public ChatRequest timeoutSeconds(double seconds) { return set("timeout", seconds); }

    /** Whether a call that was made before may be answered from the server's cache. */
    public ChatRequest cache(boolean caches) { return set("cache", caches); }

    /** A stored template by name or id, and a value for each of its placeholders. */
    public ChatRequest template(String name, Map<String, String> variables) {
        return set("template", name).set("variables", variables);
    }
}
