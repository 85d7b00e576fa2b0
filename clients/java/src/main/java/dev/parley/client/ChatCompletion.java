package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A chat's answer, as OpenAI defines it, with the cost. {@code created} is in seconds since 1970, {@code cost} in US
 * dollars, null where a price is not known; {@code warnings} says what the model could not be given.
 */
public record ChatCompletion(
        String id, String object, long created, String model, List<Choice> choices, ChatUsage usage,
        @Money BigDecimal cost, List<String> warnings) {
    /**
     * The only answer. {@code finishReason}: {@code stop}, {@code length}, {@code tool_calls} or
     * {@code content_filter}.
     */
    public record Choice(int index, ChatMessage message, JsonNode logprobs, String finishReason) {}

    /** Returns the answer's text, or null where the model refused or called tools. */
    public String text() { return choices.get(0).message().content(); }
}
