package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonSubTypes.Type;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.math.BigDecimal;
import java.util.List;

/** What happens in a comparison. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event", defaultImpl = Void.class)
@JsonSubTypes({
    @Type(value = CompareEvent.ComparisonStart.class, name = "comparison_start"),
    @Type(value = CompareEvent.ModelChunk.class, name = "model_chunk"),
    @Type(value = CompareEvent.ModelStreamDone.class, name = "model_stream_done"),
    @Type(value = CompareEvent.ModelResult.class, name = "model_result"),
    @Type(value = CompareEvent.ComparisonChunk.class, name = "comparison_chunk"),
    @Type(value = CompareEvent.Done.class, name = "done")
})
public sealed interface CompareEvent {
    /** Comes at once, with the models in request order, duplicates left out. */
    record ComparisonStart(String comparisonId, List<String> models, boolean skipComparison) implements CompareEvent {}

    /** The next text of a model; only with {@code skipComparison}. */
    record ModelChunk(String model, String delta) implements CompareEvent {}

    /** A model whose text was streamed has finished or failed, and the others go on; without {@code responseBody}. */
    record ModelStreamDone(@JsonUnwrapped CompareResponse.Result result) implements CompareEvent {}

    /** A model has finished or failed, and the others go on; only without {@code skipComparison}. */
    record ModelResult(@JsonUnwrapped CompareResponse.Result result) implements CompareEvent {}

    /** The next text of the comparison. */
    record ComparisonChunk(String comparisonModel, String delta) implements CompareEvent {}

    /** The last event. {@code errorCode} says why the comparison broke off, or why there is none. */
    record Done(
            String comparisonId, String comparisonModel, ChatCompletion.Usage usage, long totalLatencyMs,
            boolean partial, boolean comparisonFallbackUsed, boolean skipComparison, BigDecimal totalCost,
            String errorCode)
            implements CompareEvent {}
}
