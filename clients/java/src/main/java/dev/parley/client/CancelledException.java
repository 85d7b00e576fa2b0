package dev.parley.client;

/** The caller gave up: its thread was interrupted, and still is, or the stream was closed before its end. */
@SuppressWarnings("serial")
public final class CancelledException extends ParleyException {
    CancelledException(String message, Throwable cause) { super(message, cause); }

    static CancelledException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new CancelledException("The thread was interrupted; the call was given up.", cause);
    }
}
