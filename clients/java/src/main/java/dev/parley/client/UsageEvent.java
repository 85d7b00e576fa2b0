package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;

/**
 * One model call as it is billed, retries within it.
 *
 * @param panelId {@code rt_…} or {@code cmp_…}; null for a chat
 * @param role {@code seat}, {@code consolidation} or {@code chat}
 * @param cost US dollars; null where the price is not known. {@code upstreamCost} is the provider's own figure, if it
 *     gave one
 * @param estimated whether tokens were counted from the text
 * @param cached whether the answer came from the cache, for nothing
 * @param outcome {@code ok}, {@code failed}, {@code cancelled}, {@code abandoned} or {@code running}
 */
public record UsageEvent(
        String id, String time, String keyId, String keyName, String requestId, String panelId, String role,
        Integer seatIndex, int attempts, String model, String provider, Usage usage, @Money BigDecimal cost,
        @Money BigDecimal upstreamCost, boolean estimated, boolean cached, Long latencyMs, String outcome,
        String errorCode) {
    /** Some of the {@code total} events, newest first. */
    public record Page(List<UsageEvent> events, int total, int limit, int offset) {}

    /** All upstream calls behind one event, in order. */
    public record Attempts(String eventId, List<Attempt> attempts) {}

    /** One upstream call; {@code attempt} counts from 1, {@code model} is the provider's name for it. */
    public record Attempt(
            int attempt, String time, String provider, String model, Usage usage, @Money BigDecimal cost,
            boolean estimated, Long latencyMs, Long firstTokenMs, String outcome, String errorCode) {}
}
