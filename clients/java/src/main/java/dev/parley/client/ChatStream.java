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

    ChatStream(Transport transport, Call call) { super(transport, call, ChatCompletionChunk.class, "object"); }

    @Override
    void collect(ChatCompletionChunk chunk) {
        first = first == null ? chunk : first;
        usage = chunk.usage() == null ? usage : chunk.usage();
        cost = chunk.cost() == null ? cost : chunk.cost();
        warnings = chunk.warnings() == null ? warnings : chunk.warnings();
        for (var choice : chunk.choices()) {
            finishReason = choice.finishReason() == null ? finishReason : choice.finishReason();
            logprobs = choice.logprobs() == null ? logprobs : choice.logprobs();
            if (choice.delta() != null) {
                collect(choice.delta());
            }
        }
    }

    private void collect(ChatMessage delta) {
        content.append(delta.content() == null ? "" : delta.content());
        refusal.append(delta.refusal() == null ? "" : delta.refusal());
        reasoning.append(delta.reasoningContent() == null ? "" : delta.reasoningContent());
        for (var piece : delta.toolCalls() == null ? List.<ToolCall>of() : delta.toolCalls()) {
            toolCalls.merge(piece.index() == null ? 0 : piece.index(), piece.withoutIndex(), ToolCall::plus);
        }
    }

    @Override
    TextDelta textOf(ChatCompletionChunk chunk) {
        return chunk.text().isEmpty() ? null : new TextDelta(null, chunk.model(), chunk.text(), false);
    }

    @Override
    ChatCompletion result() {
        var calls = toolCalls.isEmpty() ? null : List.copyOf(toolCalls.values());
        var text = content.isEmpty() && (calls != null || !refusal.isEmpty()) ? null : content.toString();
        var message = new ChatMessage("assistant", text, orNull(refusal), orNull(reasoning), calls);
        return first == null ? null : new ChatCompletion(
                first.id(), "chat.completion", first.created(), first.model(),
                List.of(new ChatCompletion.Choice(0, message, logprobs, finishReason)), usage, cost, warnings);
    }

    private static String orNull(StringBuilder text) { return text.isEmpty() ? null : text.toString(); }
}
