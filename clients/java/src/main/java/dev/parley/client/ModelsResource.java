package dev.parley.client;

import java.util.List;

/** What can be asked. */
public final class ModelsResource {
    private static final String PATH = "/v1/models";

    private final Transport transport;

    ModelsResource(Transport transport) { this.transport = transport; }

    /** Returns all models and panels. */
    public List<Model> list() { return list(Filter.ALL); }

    /** Returns those that are meant. */
    public List<Model> list(Filter filter) {
        var call = Call.get(PATH).with("free", filter.free).with("type", filter.type).with("provider", filter.provider);
        return transport.call(call, Models.class).data();
    }

    /** Returns the models whose id, name or brand hold every word of {@code words}. */
    public Model.Page search(String words, Paging paging) {
        return transport.call(Call.get(PATH + "/search").with("q", words).with(paging), Model.Page.class);
    }

    /** Returns one model or panel, listed or not; the message of the error names the nearest. */
    public Model get(String id) { return transport.call(Call.get(Call.path(PATH, id)), Model.class); }

    /** Which models are meant: null means all. {@code type} is {@code text}, the only kind that there is now. */
    public record Filter(Boolean free, String type, String provider) {
        /** Every model. */
        public static final Filter ALL = new Filter(null, null, null);
    }

    private record Models(List<Model> data) {}
}
