package dev.parley.client;

/** The call took longer than its timeout: {@link CallOptions#timeout} for one call, {@link Parley.Builder#timeout} for all. */
@SuppressWarnings("serial")
public final class CallTimeoutException extends ConnectionException {
    CallTimeoutException(String message) { super(message, null); }
}
