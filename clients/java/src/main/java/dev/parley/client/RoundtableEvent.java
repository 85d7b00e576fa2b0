package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonSubTypes.Type;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.math.BigDecimal;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What happens at a roundtable. {@code modelIndex} is the seat: the same model may sit twice. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type", defaultImpl = Void.class)
@JsonSubTypes({
    @Type(value = RoundtableEvent.Start.class, name = "start"),
    @Type(value = RoundtableEvent.ModelDelta.class, name = "model_delta"),
    @Type(value = RoundtableEvent.ModelDone.class, name = "model_done"),
    @Type(value = RoundtableEvent.ModelError.class, name = "model_error"),
    @Type(value = RoundtableEvent.SummaryDelta.class, name = "summary_delta"),
    @Type(value = RoundtableEvent.Done.class, name = "done")
})
public sealed interface RoundtableEvent {
    /** Comes at once, with the seats' models in request order. */
    record Start(String id, List<String> models) implements RoundtableEvent {}

    /** The next text of a seat; none with choices or an output schema. */
    record ModelDelta(int modelIndex, String model, String delta) implements RoundtableEvent {}

    /** A seat has answered; the components are those of {@link RoundtableResponse.SeatResult}. */
    record ModelDone(
            int modelIndex, String model, JsonNode data, Usage usage, BigDecimal cost, long durationMs,
            String finishReason, Boolean schemaValid, String schemaError, String errorCode)
            implements RoundtableEvent {}

    /** A seat has failed and the others go on; {@code partialText} is what had arrived. */
    record ModelError(int modelIndex, String model, String error, String errorCode, String partialText)
            implements RoundtableEvent {}

    /** The next text of the consolidation; none with an output schema. */
    record SummaryDelta(String model, String delta) implements RoundtableEvent {}

    /** The last event: the whole answer. */
    record Done(@JsonUnwrapped RoundtableResponse response) implements RoundtableEvent {}
}
