package dev.parley.client;

/** The call took longer than its timeout, {@link CallOptions#timeout}. */
@SuppressWarnings("serial")
public final class CallTimeoutException extends ConnectionException {
    CallTimeoutException(String message) { super(message, null); }
}
