package dev.parley.client;

/** The same conversation to several models, their answers side by side, and an evaluation of them. */
public final class CompareResource {
    private static final String PATH = "/v1/chat/compare";
    private final Transport transport;

    CompareResource(Transport transport) { this.transport = transport; }

    /** Asks, and waits for the whole answer. */
    public CompareResponse create(CompareRequest request) {
        return transport.call(Call.ask(PATH, request), CompareResponse.class);
    }

    /** Asks, and returns the answer as it comes; the caller closes it. */
    public CompareStream stream(CompareRequest request) {
        return new CompareStream(transport, Call.stream(PATH, request));
    }
}
