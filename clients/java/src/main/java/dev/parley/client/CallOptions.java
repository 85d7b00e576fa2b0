package dev.parley.client;

import java.time.Duration;

/**
 * What a call does otherwise than its client: {@code client.with(CallOptions.DEFAULT.timeout(…).maxRetries(0)).models()}.
 *
 * @param timeout for a plain call all of it, retries included; for a stream the time until its head; null: the client's
 * @param maxRetries how often a plain call is sent again; null: the client's
 * @param idempotencyKey up to 255 characters that name one single call; null: a random one for each. Streams take none.
 */
public record CallOptions(Duration timeout, Integer maxRetries, String idempotencyKey) {
    /** As the client does it. */
    public static final CallOptions DEFAULT = new CallOptions(null, null, null);

    /** Throws IllegalArgumentException for what no call can be made with. */
    public CallOptions {
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new IllegalArgumentException("timeout is " + timeout + "; it must be longer than nothing.");
        }
        if (maxRetries != null && maxRetries < 0) {
            throw new IllegalArgumentException("maxRetries is " + maxRetries + "; 0 means that nothing is sent again.");
        }
        if (idempotencyKey != null && !idempotencyKey.matches("[\\x21-\\x7e][\\x20-\\x7e]{0,254}")) {
            throw new IllegalArgumentException("idempotencyKey must be 1 to 255 printable characters of ASCII.");
        }
    }

    /** Returns these options with another timeout. */
    public CallOptions timeout(Duration timeout) { return new CallOptions(timeout, maxRetries, idempotencyKey); }

    /** Returns these options with another number of retries. */
    public CallOptions maxRetries(int maxRetries) { return new CallOptions(timeout, maxRetries, idempotencyKey); }

    /** Returns these options with a key of the caller's own, so that the call may be repeated by another process too. */
    public CallOptions idempotencyKey(String idempotencyKey) {
        return new CallOptions(timeout, maxRetries, idempotencyKey);
    }
}
