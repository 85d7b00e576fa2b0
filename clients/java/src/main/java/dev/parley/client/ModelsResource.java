package dev.parley.client;

import java.util.List;

/** What can be asked. */
public final class ModelsResource {
    private static final String PATH = "/v1/models";
    private final Transport transport;

    ModelsResource(Transport transport) { this.transport = transport; }

    /** Returns all models and panels. */
    public List<Model> list() { return list(null, null, null); }

    /** Returns those that are free or not, of a type ({@code text}) and of a provider; null means any. */
    public List<Model> list(Boolean free, String type, String provider) {
        var call = Call.get(PATH).with("free", free).with("type", type).with("provider", provider);
        return transport.call(call, Models.class).data();
    }

    /** Returns the models whose id, name or brand hold every word of {@code q}; null means the usual page. */
    public Model.Page search(String q, Integer limit, Integer offset) {
        var call = Call.get(PATH + "/search").with("q", q).with("limit", limit).with("offset", offset);
        return transport.call(call, Model.Page.class);
    }

    /** Returns one model or panel, listed or not; the message of the error names the nearest. */
    public Model get(String id) { return transport.call(Call.get(Call.path(PATH, id)), Model.class); }

    private record Models(List<Model> data) {}
}
