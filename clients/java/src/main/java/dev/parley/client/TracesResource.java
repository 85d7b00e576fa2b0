package dev.parley.client;

/** How requests went, step by step. A trace appears shortly after its request has ended. */
public final class TracesResource {
    private static final String PATH = "/v3/traces";
    private final Transport transport;

    TracesResource(Transport transport) { this.transport = transport; }

    /** Returns the newest traces, without their spans. */
    public Trace.Page list() { return list(null, null, null); }

    /** Returns a page of those whose name holds {@code name}; null means any, and the usual page. */
    public Trace.Page list(String name, Integer limit, Integer offset) {
        var call = Call.get(PATH).with("name", name).with("limit", limit).with("offset", offset);
        return transport.call(call, Trace.Page.class);
    }

    /** Returns one trace with its spans; {@code traceUuid} of an answer is its id. */
    public Trace get(String id) { return transport.call(Call.get(Call.path(PATH, id)), Trace.class); }

    /** Deletes one. */
    public void delete(String id) { transport.run(Call.of("DELETE", Call.path(PATH, id), null)); }
}
