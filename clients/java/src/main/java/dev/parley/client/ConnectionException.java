package dev.parley.client;

/** No whole answer came: no connection, one that broke or fell silent, or something that is not Parley's answer. */
@SuppressWarnings("serial")
public sealed class ConnectionException extends ParleyException permits CallTimeoutException {
    ConnectionException(String message, Throwable cause) { super(message, cause); }
}
