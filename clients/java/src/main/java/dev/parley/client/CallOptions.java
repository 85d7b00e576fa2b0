package dev.parley.client;

import java.time.Duration;

/**
 * How calls are made: {@code client.with(CallOptions.DEFAULT.maxRetries(0)).models()}. Null means as the client does.
 *
 * @param timeout for a plain call all of it, retries included; for a stream the time until its head
 * @param maxRetries how often a plain call is sent again
 * @param idempotencyKey up to 255 characters that name one plain call that asks models, so that a client with
 *     such options is for that call alone; else each call has a random one
 */
public record CallOptions(Duration timeout, Integer maxRetries, String idempotencyKey) {
    /** As the client does. */
    public static final CallOptions DEFAULT = new CallOptions(null, null, null);

    /** Throws IllegalArgumentException for what no call can be made with. */
    public CallOptions {
        check(timeout == null || timeout.compareTo(Duration.ZERO) > 0,
                "timeout is " + timeout + "; it must be more than nothing.");
        check(maxRetries == null || maxRetries >= 0,
                "maxRetries is " + maxRetries + "; it must be 0 or more.");
        check(idempotencyKey == null || idempotencyKey.matches("[!-~][ -~]{0,254}"),
                "idempotencyKey must be 1 to 255 printable characters of ASCII, the first no blank.");
    }

    /** Returns these options with another timeout. */
    public CallOptions timeout(Duration value) { return new CallOptions(value, maxRetries, idempotencyKey); }

    /** Returns these options with another number of retries. */
    public CallOptions maxRetries(int value) { return new CallOptions(timeout, value, idempotencyKey); }

    /** Returns these options with a key of the caller's, so that another process may repeat the call. */
    public CallOptions idempotencyKey(String value) { return new CallOptions(timeout, maxRetries, value); }

    /** Returns these options, and where they say nothing {@code usual}. */
    CallOptions or(CallOptions usual) {
        return new CallOptions(
                timeout == null ? usual.timeout : timeout,
                maxRetries == null ? usual.maxRetries : maxRetries,
                idempotencyKey == null ? usual.idempotencyKey : idempotencyKey);
    }

    static void check(boolean isRight, String message) {
        if (!isRight) {
            throw new IllegalArgumentException(message);
        }
    }
}
