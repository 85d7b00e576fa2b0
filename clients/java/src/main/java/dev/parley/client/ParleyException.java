package dev.parley.client;

/** Something went wrong with a call; which of the kinds it is says what a caller can do about it. */
@SuppressWarnings("serial") // What the server said is kept as JSON; none of these is meant to be serialized.
public abstract sealed class ParleyException extends RuntimeException
        permits ApiException, ConnectionException, StreamException, OutputException, CancelledException {
    ParleyException(String message, Throwable cause) { super(message, cause); }
}
