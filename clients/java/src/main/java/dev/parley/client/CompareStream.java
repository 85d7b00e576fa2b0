package dev.parley.client;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The events of a comparison. The whole result lacks what they do not carry: {@code created} and {@code traceUuid}. */
public final class CompareStream extends ParleyStream<CompareEvent, CompareResponse> {
    private final Map<String, CompareResponse.Result> results = new HashMap<>();
    private final StringBuilder comparison = new StringBuilder();
    private List<String> models = List.of();
    private CompareEvent.Done done;

    CompareStream(Transport transport, Call call) { super(transport, call, CompareEvent.class, "event"); }

    @Override
    void collect(CompareEvent event) {
        if (event instanceof CompareEvent.ComparisonStart start) {
            models = start.models() == null ? List.of() : start.models();
        } else if (event instanceof CompareEvent.ModelStreamDone model) {
            results.put(model.result().model(), model.result());
        } else if (event instanceof CompareEvent.ModelResult model) {
            results.put(model.result().model(), model.result());
        } else if (event instanceof CompareEvent.ComparisonChunk piece) {
            comparison.append(Objects.toString(piece.delta(), ""));
        } else if (event instanceof CompareEvent.Done last) {
            done = last;
        }
    }

    @Override
    TextDelta textOf(CompareEvent event) {
        if (event instanceof CompareEvent.ModelChunk piece) {
            return new TextDelta(null, piece.model(), piece.delta(), false);
        }
        return event instanceof CompareEvent.ComparisonChunk piece
                ? new TextDelta(null, piece.comparisonModel(), piece.delta(), true)
                : null;
    }

    @Override
    CompareResponse result() {
        return done == null ? null : new CompareResponse(
                done.comparisonId(), "compare.completion", null, models,
                models.stream().map(results::get).filter(Objects::nonNull).toList(),
                comparison.isEmpty() ? null : comparison.toString(), done.comparisonModel(), done.usage(),
                done.comparisonFallbackUsed(), done.totalLatencyMs(), done.partial(), done.skipComparison(),
                done.totalCost(), null);
    }
}
