package dev.parley.client;

import java.time.Instant;
import java.util.Map;

/**
 * Which usage is meant: {@code UsageFilter.ALL.model("sandbox/terse")}. The last four narrow events alone, not totals.
 */
public record UsageFilter(Map<String, Object> fields) implements Request<UsageFilter> {
    /** All usage of the calling key; of every key for an admin key. */
    public static final UsageFilter ALL = new UsageFilter(Map.of());

    @Override
    public UsageFilter with(Map<String, Object> fields) { return new UsageFilter(fields); }

    /** From then on. */
    public UsageFilter since(Instant time) { return set("since", time.toString()); }

    /** Before then. */
    public UsageFilter until(Instant time) { return set("until", time.toString()); }

    /** Of one model. */
    public UsageFilter model(String name) { return set("model", name); }

    /** {@code ok}, {@code failed}, {@code cancelled}, {@code abandoned} or {@code running}. */
    public UsageFilter status(String outcome) { return set("status", outcome); }

    /** Of one key. */
    public UsageFilter keyId(String id) { return set("key_id", id); }

    /** Of one roundtable or comparison. */
    public UsageFilter panelId(String id) { return set("panel_id", id); }

    /** Of one request. */
    public UsageFilter requestId(String id) { return set("request_id", id); }

    /** The size of a page, up to 200. */
    public UsageFilter limit(int limit) { return set("limit", limit); }

    /** How many events to pass over. */
    public UsageFilter offset(int offset) { return set("offset", offset); }
}
