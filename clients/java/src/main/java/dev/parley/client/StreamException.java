package dev.parley.client;

import tools.jackson.databind.JsonNode;

/** The server ended a stream with an error; the events before it have been seen, and were paid for. */
@SuppressWarnings("serial")
public final class StreamException extends ParleyException {
    private final String code;
    private final JsonNode details;

    /** Reads {@code error} as an object, or as a sentence beside its {@code error_code}. */
    StreamException(JsonNode event) {
        super(event.path("error").stringValue(event.at("/error/message").stringValue("The server gave up.")), null);
        code = event.path("error_code").stringValue(event.at("/error/code").stringValue(null));
        details = Json.present(event.path("error").has("details") ? event.at("/error/details") : event.path("details"));
    }

    /** Returns the code, such as {@code all_models_failed} or {@code shutting_down}, or null. */
    public String code() { return code; }

    /** Returns an array with one entry for each failed seat, or null. */
    public JsonNode details() { return details; }

    @Override
    public String toString() { return getClass().getName() + ": " + code + ": " + getMessage(); }
}
