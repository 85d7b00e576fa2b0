package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** The chunks of a chat completion. */
public final class ChatStream extends ParleyStream<ChatCompletionChunk, ChatCompletion> {
    private final StringBuilder content = new StringBuilder();
    private final StringBuilder refusal = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final TreeMap<Integer, ToolCall> toolCalls = new TreeMap<>();
    private ChatCompletionChunk first;
    private String finishReason;
    private JsonNode logprobs;
    private ChatUsage usage;
    private BigDecimal cost;
    private List<String> warnings;

    ChatStream(Transport.Body body) { super(body); }

    @Override
    ChatCompletionChunk read(JsonNode json) {
        var chunk = Json.WIRE.treeToValue(json, ChatCompletionChunk.class);
        first = first == null ? chunk : first;
        usage = chunk.usage() == null ? usage : chunk.usage();
        cost = chunk.cost() == null ? cost : chunk.cost();
        warnings = chunk.warnings() == null ? warnings : chunk.warnings();
        chunk.choices().forEach(this::collect);
        return chunk;
    }

    private void collect(ChatCompletionChunk.Choice choice) {
        finishReason = choice.finishReason() == null ? finishReason : choice.finishReason();
        logprobs = choice.logprobs() == null ? logprobs : choice.logprobs();
        var delta = choice.delta();
        if (delta == null) {
            return;
        }
        append(content, delta.content());
        append(refusal, delta.refusal());
        append(reasoning, delta.reasoningContent());
        if (delta.toolCalls() != null) {
            delta.toolCalls().forEach(piece -> toolCalls.merge(
                    piece.index() == null ? 0 : piece.index(), piece.withIndex(null), ToolCall::plus));
        }
    }

    @Override
    String nameOf(JsonNode json) { return null; }

    @Override
    TextDelta textOf(ChatCompletionChunk chunk) {
        return chunk.text().isEmpty() ? null : new TextDelta(null, chunk.model(), chunk.text(), false);
    }

    @Override
    ChatCompletion result() {
        if (first == null) {
            return null;
        }
        var isSilent = content.isEmpty() && !(refusal.isEmpty() && toolCalls.isEmpty());
        var message = new ChatMessage(
                "assistant",
                isSilent ? null : content.toString(),
                textOrNull(refusal),
                textOrNull(reasoning),
                toolCalls.isEmpty() ? null : List.copyOf(toolCalls.values()));
        var choice = new ChatCompletion.Choice(0, message, logprobs, finishReason);
        return new ChatCompletion(
                first.id(), "chat.completion", first.created(), first.model(), List.of(choice), usage, cost, warnings);
    }

    private static void append(StringBuilder text, String piece) {
        if (piece != null) {
            text.append(piece);
        }
    }

    private static String textOrNull(StringBuilder text) { return text.isEmpty() ? null : text.toString(); }
}
