package dev.parley.client;

import java.time.Duration;
import java.util.Set;

/** Which failures are worth another try, and after how long a wait. Streams are never asked for twice. */
enum RetryRule {
    /** For calls that may be repeated, because they change nothing or carry an idempotency key. */
    USUAL(Set.of(429, 502, 503, 504)),
    /** For calls that may be repeated only where the server said that it did nothing. */
    ONLY_IF_REFUSED(Set.of(429, 503));

    private static final Duration LONGEST_RETRY_AFTER = Duration.ofSeconds(60);

    private final Set<Integer> statuses;

    RetryRule(Set<Integer> statuses) { this.statuses = statuses; }

    /**
     * Returns how long to wait before repetition number {@code retry}, from 0, or null if it is not worth it.
     *
     * @param random from [0, 1): full jitter, so that clients that failed together do not come back together
     * @param left until the call's timeout
     */
    Duration pauseBefore(int retry, ParleyException failure, double random, Duration left) {
        var pause = Duration.ofMillis((long) (random * Math.min(8000, 500 * Math.pow(2, retry))));
        var wanted = failure instanceof ApiException refusal ? refusal.retryAfter() : null;
        if (wanted != null && wanted.compareTo(pause) > 0) {
            pause = wanted;
        }
        return covers(failure) && pause.compareTo(LONGEST_RETRY_AFTER) <= 0 && pause.compareTo(left) < 0 ? pause : null;
    }

    private boolean covers(ParleyException failure) {
        if (failure instanceof ApiException refusal) {
            var isRunning = refusal.status() == 409 && "idempotency_in_progress".equals(refusal.code());
            return statuses.contains(refusal.status()) || this == USUAL && isRunning;
        }
        return this == USUAL && failure instanceof ConnectionException && !(failure instanceof CallTimeoutException);
    }
}
