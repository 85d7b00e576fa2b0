package dev.parley.client;

/** The answer does not fit the asked-for type, or there is none; what was paid for is in {@link #response}. */
@SuppressWarnings("serial")
public final class OutputException extends ParleyException {
    private final RoundtableResponse response;

    OutputException(String message, RoundtableResponse response, Throwable cause) {
        super(message, cause);
        this.response = response;
    }

    /** Returns the whole answer as the server gave it. */
    public RoundtableResponse response() { return response; }
}
