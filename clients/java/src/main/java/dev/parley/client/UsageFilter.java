package dev.parley.client;

import java.time.Instant;
import java.util.Map;

/** Which usage is meant; what is not set means all. */
public record UsageFilter(Map<String, Object> fields) {
    /** All usage of the calling key; of every key for an admin key. */
    public static final UsageFilter ALL = builder().build();

    /** Begins a filter. */
    public static Builder builder() { return new Builder(); }

    /** Sets what is meant; the last four fields narrow events alone, not totals. */
    public static final class Builder extends RequestBuilder<Builder> {
        private Builder() {}

        /** From then on. */
        public Builder since(Instant time) { return set("since", time.toString()); }

        /** Before then. */
        public Builder until(Instant time) { return set("until", time.toString()); }

        /** Of one model. */
        public Builder model(String name) { return set("model", name); }

        /** {@code ok}, {@code failed}, {@code cancelled}, {@code abandoned} or {@code running}. */
        public Builder status(String outcome) { return set("status", outcome); }

        /** Of one key. */
        public Builder keyId(String id) { return set("key_id", id); }

        /** Of one roundtable or comparison. */
        public Builder panelId(String id) { return set("panel_id", id); }

        /** Of one request. */
        public Builder requestId(String id) { return set("request_id", id); }

        /** The size of a page, up to 200. */
        public Builder limit(int limit) { return set("limit", limit); }

        /** How many events to pass over. */
        public Builder offset(int offset) { return set("offset", offset); }

        /** Returns the filter. */
        public UsageFilter build() { return new UsageFilter(fields()); }
    }
}
