package dev.parley.client;

import java.util.List;

/** Stored beginnings of conversations. A key sees its own and the global ones. */
public final class TemplatesResource {
    private static final String PATH = "/v1/templates";
    private final Transport transport;

    TemplatesResource(Transport transport) { this.transport = transport; }

    /** Makes a template. It is sent again only where the server said that it did nothing. */
    public Template create(TemplateRequest request) {
        var call = new Call("POST", PATH, request.fields(), RetryRule.ONLY_IF_REFUSED, false);
        return transport.call(call, Template.class);
    }

    /** Returns all templates that the key sees. */
    public List<Template> list() { return List.of(transport.call(Call.get(PATH), Template[].class)); }

    /** Returns one. */
    public Template get(String id) { return transport.call(Call.get(Call.path(PATH, id)), Template.class); }

    /** Changes what the request sets, and returns the template as it is then. */
    public Template update(String id, TemplateRequest changes) {
        return transport.call(Call.of("PATCH", Call.path(PATH, id), changes), Template.class);
    }

    /** Deletes one. */
    public void delete(String id) { transport.run(Call.of("DELETE", Call.path(PATH, id), null)); }
}
