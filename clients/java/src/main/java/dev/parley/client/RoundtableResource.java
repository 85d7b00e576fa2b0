package dev.parley.client;

import tools.jackson.core.JacksonException;

/** One question to several models, their answers merged, handed back as they are, or counted as votes. */
public final class RoundtableResource {
    private static final String PATH = "/v3/roundtable";
    private final Transport transport;

    RoundtableResource(Transport transport) { this.transport = transport; }

    /** Asks, and waits for the whole answer. */
    public RoundtableResponse create(RoundtableRequest request) {
        return transport.call(Call.ask(PATH, request), RoundtableResponse.class);
    }

    /** Asks, and returns the answer as it comes; the caller closes it. */
    public RoundtableStream stream(RoundtableRequest request) {
        return new RoundtableStream(transport, Call.stream(PATH, request));
    }

    /** Asks for one of the request's {@code choices}; the winner is in {@code data}, the count in {@code meta.vote}. */
    public RoundtableResponse vote(RoundtableRequest request) {
        return create(request.resolution(RoundtableRequest.Resolution.MULTIPLE_CHOICE));
    }

    /**
     * Asks for an answer of a type, which every seat and the consolidation are held to.
     *
     * @param type a record, as {@link OutputSchema} describes
     * @throws OutputException if no answer fits; it has what came
     * @throws IllegalArgumentException if the type has a part that no JSON Schema can be made of
     */
    public <T> Parsed<T> parse(RoundtableRequest request, Class<T> type) {
        var response = create(request.outputSchema(OutputSchema.of(type)));
        if (response.data() == null) {
            var error = response.meta() == null ? null : response.meta().summaryError();
            var reason = error == null ? "this resolution gives none." : error.message();
            throw new OutputException("There is no answer to parse: " + reason, response, null);
        }
        try {
            return new Parsed<>(Json.OUTPUT.treeToValue(response.data(), type), response);
        } catch (JacksonException misfit) {
            throw new OutputException("The answer does not fit " + type.getSimpleName() + ".", response, misfit);
        }
    }

    /** An answer as a value of the asked-for type, and the whole answer beside it. */
    public record Parsed<T>(T value, RoundtableResponse response) {}
}
