package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The next piece of a {@link ChatCompletion}; without choices where it brings the usage alone. */
public record ChatCompletionChunk(
        String id, String object, long created, String model, List<Choice> choices, ChatUsage usage,
        @Money BigDecimal cost, List<String> warnings) {
    /** Makes an empty list of absent choices. */
    public ChatCompletionChunk { choices = choices == null ? List.of() : choices; }

    /** What is new; {@code finishReason} comes with the last piece. */
    public record Choice(int index, ChatMessage delta, JsonNode logprobs, String finishReason) {}

    /** Returns the new text, empty without. */
    public String text() {
        var delta = choices.isEmpty() ? null : choices.get(0).delta();
        return delta == null || delta.content() == null ? "" : delta.content();
    }
}
