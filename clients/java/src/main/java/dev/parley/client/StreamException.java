package dev.parley.client;

import tools.jackson.databind.JsonNode;

/** The server ended a stream with an error; the events before it have been seen, and were paid for. */
@SuppressWarnings("serial")
public final class StreamException extends ParleyException {
    private final String code;
    private final JsonNode details;

    StreamException(String code, String message, JsonNode details) {
        super(message, null);
        this.code = code;
        this.details = details;
    }

    /** Returns the code, such as {@code all_models_failed} or {@code shutting_down}, or null. */
    public String code() { return code; }

    /** Returns an array with one entry for each failed seat, or null. */
    public JsonNode details() { return details; }

    @Override
    public String toString() { return getClass().getName() + ": " + (code == null ? "" : code + ": ") + getMessage(); }
}
