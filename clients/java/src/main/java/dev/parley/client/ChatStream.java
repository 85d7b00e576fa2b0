package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** The chunks of a chat completion. */
public final class ChatStream extends ParleyStream<ChatCompletion.Chunk, ChatCompletion> {
    private final StringBuilder content = new StringBuilder();
    private final StringBuilder refusal = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final TreeMap<Integer, ChatCompletion.ToolCall> toolCalls = new TreeMap<>();
    private ChatCompletion.Chunk first;
    private String finishReason;
    private JsonNode logprobs;
    private ChatCompletion.Usage usage;
    private BigDecimal cost;
    private List<String> warnings;

    ChatStream(Transport transport, Call call) { super(transport, call, ChatCompletion.Chunk.class, "object"); }

    @Override
    void collect(ChatCompletion.Chunk chunk) {
        first = first == null ? chunk : first;
        usage = chunk.usage() == null ? usage : chunk.usage();
        cost = chunk.cost() == null ? cost : chunk.cost();
        warnings = chunk.warnings() == null ? warnings : chunk.warnings();
        for (var choice : orEmpty(chunk.choices())) {
            finishReason = choice.finishReason() == null ? finishReason : choice.finishReason();
            logprobs = choice.logprobs() == null ? logprobs : choice.logprobs();
            if (choice.delta() != null) {
                collect(choice.delta());
            }
        }
    }

    private void collect(ChatCompletion.Message delta) {
        content.append(Objects.toString(delta.content(), ""));
        refusal.append(Objects.toString(delta.refusal(), ""));
        reasoning.append(Objects.toString(delta.reasoningContent(), ""));
        for (var piece : orEmpty(delta.toolCalls())) {
            var call = new ChatCompletion.ToolCall(null, piece.id(), piece.type(), piece.function());
            toolCalls.merge(Objects.requireNonNullElse(piece.index(), 0), call, ChatCompletion.ToolCall::plus);
        }
    }

    @Override
    TextDelta textOf(ChatCompletion.Chunk chunk) {
        var delta = orEmpty(chunk.choices()).isEmpty() ? null : chunk.choices().get(0).delta();
        var hasText = delta != null && delta.content() != null && !delta.content().isEmpty();
        return hasText ? new TextDelta(null, chunk.model(), delta.content(), false) : null;
    }

    @Override
    ChatCompletion result() {
        var calls = toolCalls.isEmpty() ? null : List.copyOf(toolCalls.values());
        var text = content.isEmpty() && (calls != null || !refusal.isEmpty()) ? null : content.toString();
        var message = new ChatCompletion.Message("assistant", text, orNull(refusal), orNull(reasoning), calls);
        var choices = List.of(new ChatCompletion.Choice(0, message, null, logprobs, finishReason));
        return first == null ? null : new ChatCompletion(
                first.id(), "chat.completion", first.created(), first.model(), choices, usage, cost, warnings);
    }

    private static <T> List<T> orEmpty(List<T> list) { return list == null ? List.of() : list; }

    private static String orNull(StringBuilder text) { return text.isEmpty() ? null : text.toString(); }
}
