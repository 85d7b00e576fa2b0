package dev.parley.client;

import tools.jackson.core.JacksonException;

/** One question to several models, their answers merged, handed back as they are, or counted as votes. */
public final class RoundtableResource {
    private static final String PATH = "/v3/roundtable";

    private final Transport transport;

    RoundtableResource(Transport transport) { this.transport = transport; }

    /** Asks, and waits for the whole answer. */
    public RoundtableResponse create(RoundtableRequest request) {
        return transport.call(Call.ask(PATH, request.fields()), RoundtableResponse.class);
    }

    /** Asks, and returns the answer as it comes; the caller closes it. */
    public RoundtableStream stream(RoundtableRequest request) {
        return new RoundtableStream(transport.open(Call.stream(PATH, request.fields())));
    }

    /** Asks for one of the request's {@code choices}; the winner is in {@code data}, the count in {@code meta.vote}. */
    public RoundtableResponse vote(RoundtableRequest request) {
        var fields = Call.plus(request.fields(), "resolution", RoundtableRequest.Resolution.MULTIPLE_CHOICE);
        return create(new RoundtableRequest(fields));
    }

    /**
     * Asks for an answer of a type, which every seat and the consolidation are held to.
     *
     * @param type a record, as {@link OutputSchema} describes
     * @throws OutputException if no answer fits; it has what came
     * @throws IllegalArgumentException if the type has a part that JSON Schema can't be made of
     */
    public <T> Parsed<T> parse(RoundtableRequest request, Class<T> type) {
        var response = create(new RoundtableRequest(Call.plus(request.fields(), "output_schema", OutputSchema.of(type))));
        if (response.data() == null) {
            var error = response.meta() == null ? null : response.meta().summaryError();
            throw new OutputException("There is no answer to parse"
                    + (error == null ? "; resolution fast has none." : ": " + error.message()), response, null);
        }
        try {
            return new Parsed<>(Json.OUTPUT.treeToValue(response.data(), type), response);
        } catch (JacksonException | IllegalArgumentException misfit) {
            throw new OutputException("The answer does not fit " + type.getSimpleName() + ".", response, misfit);
        }
    }
}
