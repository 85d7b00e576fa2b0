package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/**
 * A chat's answer, as OpenAI defines it, with the cost. {@code created} is in seconds since 1970, {@code cost} in US
 * dollars, null where a price is not known; {@code warnings} says what the model could not be given.
 */
public record ChatCompletion(
        String id, String object, long created, String model, List<Choice> choices, Usage usage,
        @Json.Money BigDecimal cost, List<String> warnings) {
    /**
     * The next piece of a completion: the model's words are in {@code delta} of its choice. Without choices where it
     * brings the usage alone.
     */
    public record Chunk(
            String id, String object, long created, String model, List<Choice> choices, Usage usage,
            @Json.Money BigDecimal cost, List<String> warnings) {}

    /**
     * The only answer, whole in {@code message} or its next piece in {@code delta}. {@code finishReason} is
     * {@code stop}, {@code length}, {@code tool_calls} or {@code content_filter}, and null until the last chunk.
     */
    public record Choice(int index, Message message, Message delta, JsonNode logprobs, String finishReason) {}

    /**
     * What a model said: text, a refusal in its own words, or tools to call; its reasoning if the provider shows it.
     */
    public record Message(
            String role, String content, String refusal, String reasoningContent, List<ToolCall> toolCalls) {}

    /** A tool that a model calls. In a chunk {@code index} says which call it is a piece of; else it is null. */
    public record ToolCall(Integer index, String id, String type, Function function) {
        /** Makes an empty function of an absent one. */
        public ToolCall { function = function == null ? new Function(null, null) : function; }

        /** Returns this call with its next piece; id and name come with the first. */
        ToolCall plus(ToolCall piece) {
            var arguments = Objects.toString(function.arguments, "") + Objects.toString(piece.function.arguments, "");
            return new ToolCall(null, id, type, new Function(function.name, arguments));
        }
    }

    /** What is called; {@code arguments} is JSON text, or a piece of it. */
    public record Function(String name, String arguments) {}

    /**
     * Tokens as OpenAI spells them, of all calls behind the answer; the details are parts of the counts.
     * {@code estimated}: the provider gave no count, and the server counted from the text.
     */
    public record Usage(
            long promptTokens, long completionTokens, long totalTokens, PromptDetails promptTokensDetails,
            CompletionDetails completionTokensDetails,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean estimated) {}

    /** Input that was read from the provider's cache, or written to it. */
    public record PromptDetails(Long cachedTokens, Long cacheWriteTokens) {}

    /** Output that was spent on reasoning. */
    public record CompletionDetails(Long reasoningTokens) {}
}
