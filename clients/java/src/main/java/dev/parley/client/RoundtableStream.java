package dev.parley.client;

/** The events of a roundtable. */
public final class RoundtableStream extends ParleyStream<RoundtableEvent, RoundtableResponse> {
    private RoundtableResponse response;

    RoundtableStream(Transport transport, Call call) { super(transport, call, RoundtableEvent.class, "type"); }

    @Override
    void collect(RoundtableEvent event) {
        if (event instanceof RoundtableEvent.Done done) {
            response = done.response();
        }
    }

    @Override
    TextDelta textOf(RoundtableEvent event) {
        if (event instanceof RoundtableEvent.ModelDelta piece) {
            return new TextDelta(piece.modelIndex(), piece.model(), piece.delta(), false);
        }
        return event instanceof RoundtableEvent.SummaryDelta piece
                ? new TextDelta(null, piece.model(), piece.delta(), true)
                : null;
    }

    @Override
    RoundtableResponse result() { return response; }
}
