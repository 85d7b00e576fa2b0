package dev.parley.client;

import tools.jackson.databind.JsonNode;

/** The events of a roundtable. */
public final class RoundtableStream extends ParleyStream<RoundtableEvent, RoundtableResponse> {
    private RoundtableResponse response;

    RoundtableStream(Transport.Body body) { super(body); }

    @Override
    RoundtableEvent read(JsonNode json) {
        var event = Json.WIRE.treeToValue(json, RoundtableEvent.class);
        if (event instanceof RoundtableEvent.Done done) {
            response = done.response();
        }
        return event;
    }

    @Override
    String nameOf(JsonNode json) { return Json.text(json, "type"); }

    @Override
    TextDelta textOf(RoundtableEvent event) {
        if (event instanceof RoundtableEvent.ModelDelta piece) {
            return new TextDelta(piece.modelIndex(), piece.model(), piece.delta(), false);
        }
        if (event instanceof RoundtableEvent.SummaryDelta piece) {
            return new TextDelta(null, piece.model(), piece.delta(), true);
        }
        return null;
    }

    @Override
    RoundtableResponse result() { return response; }
}
