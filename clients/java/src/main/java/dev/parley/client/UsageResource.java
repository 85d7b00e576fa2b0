package dev.parley.client;

/** What was used, what it cost, and what is left. */
public final class UsageResource {
    private static final String PATH = "/v1/usage";
    private final Transport transport;

    UsageResource(Transport transport) { this.transport = transport; }

    /** Returns the sums over what is meant. */
    public UsageTotals totals(UsageFilter filter) {
        return transport.call(Call.of("POST", PATH, filter.fields()), UsageTotals.class);
    }

    /** Returns a page of the model calls that are meant, newest first. */
    public UsageEvent.Page events(UsageFilter filter) {
        return transport.call(Call.of("POST", PATH + "/events", filter.fields()), UsageEvent.Page.class);
    }

    /** Returns every upstream call behind one event. */
    public UsageEvent.Attempts attempts(String eventId) {
        return transport.call(Call.get(Call.path(PATH + "/events", eventId) + "/attempts"), UsageEvent.Attempts.class);
    }

    /** Returns how full the limits of the calling key are; asking is not counted. */
    public RateLimits rateLimits() { return transport.call(Call.get(PATH + "/rate-limits"), RateLimits.class); }

    /** Returns what the calling key has left of its caps. */
    public Balance balance() { return transport.call(Call.get("/v1/balance"), Balance.class); }
}
