package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.math.BigDecimal;
import java.util.List;

/** What was used, what it cost, and what is left. Amounts are US dollars; null where a price is not known. */
public final class UsageResource {
    private static final String PATH = "/v1/usage";
    private final Transport transport;

    UsageResource(Transport transport) { this.transport = transport; }

    /** Returns the sums over what is meant. */
    public Totals totals(UsageFilter filter) { return transport.call(Call.of("POST", PATH, filter), Totals.class); }

    /** Returns a page of the model calls that are meant, newest first. */
    public Page events(UsageFilter filter) {
        return transport.call(Call.of("POST", PATH + "/events", filter), Page.class);
    }

    /** Returns every upstream call behind one event. */
    public Attempts attempts(String eventId) {
        return transport.call(Call.get(Call.path(PATH + "/events", eventId) + "/attempts"), Attempts.class);
    }

    /** Returns how full the limits of the calling key are; asking is not counted. */
    public RateLimits rateLimits() { return transport.call(Call.get(PATH + "/rate-limits"), RateLimits.class); }

    /** Returns what the calling key has left of its caps. */
    public Balance balance() { return transport.call(Call.get("/v1/balance"), Balance.class); }

    /** Requests, of which one may be counted under several outcomes, and model calls. Is every price known? */
    public record Totals(
            Outcomes requests, Outcomes events, Usage tokens, @Json.Money BigDecimal totalCostUsd, boolean costComplete,
            List<ModelShare> byModel) {}

    /** How many ended how. */
    public record Outcomes(long total, long ok, long failed, long cancelled, long abandoned, long running) {}

    /** One model's part. */
    public record ModelShare(
            String model, long events, @JsonUnwrapped Usage tokens, @Json.Money BigDecimal costUsd) {}

    /** Some of the {@code total} events. */
    public record Page(List<Event> events, int total, int limit, int offset) {}

    /**
     * One model call as it is billed, retries within it.
     *
     * @param panelId {@code rt_…} or {@code cmp_…}; null for a chat
     * @param role {@code seat}, {@code consolidation} or {@code chat}
     * @param upstreamCost the provider's own figure, if it gave one
     * @param estimated whether tokens were counted from the text
     * @param cached whether the answer came from the cache, for nothing
     * @param outcome {@code ok}, {@code failed}, {@code cancelled}, {@code abandoned} or {@code running}
     */
    public record Event(
            String id, String time, String keyId, String keyName, String requestId, String panelId, String role,
            Integer seatIndex, int attempts, String model, String provider, Usage usage, @Json.Money BigDecimal cost,
            @Json.Money BigDecimal upstreamCost, boolean estimated, boolean cached, Long latencyMs, String outcome,
            String errorCode) {}

    /** The upstream calls behind an event, in order. */
    public record Attempts(String eventId, List<Attempt> attempts) {}

    /** One upstream call; {@code attempt} counts from 1, {@code model} is the provider's name for it. */
    public record Attempt(
            int attempt, String time, String provider, String model, Usage usage, @Json.Money BigDecimal cost,
            boolean estimated, Long latencyMs, Long firstTokenMs, String outcome, String errorCode) {}

    /** The limits of a key; no windows for a key without. */
    public record RateLimits(String keyId, List<Window> windows) {}

    /**
     * One limit, {@code rpm} or {@code rpd}; {@code share} is the used part, {@code resetSeconds} is until there is
     * room.
     */
    public record Window(
            String name, long windowSeconds, long limit, long used, long remaining, double share, long resetSeconds) {}

    /** What is left; the first three are null for a key without a cap. */
    public record Balance(
            @Json.Money BigDecimal balanceUsd, @Json.Money BigDecimal reservedUsd, @Json.Money BigDecimal availableUsd,
            @Json.Money BigDecimal spentUsd, @Json.Money BigDecimal spentMonthUsd, @Json.Money BigDecimal spendCapUsd,
            @Json.Money BigDecimal spendCapMonthUsd) {}
}
