package dev.parley.client;

import java.util.List;
import java.util.Map;

/** What a roundtable is asked. {@code fields} are those of the request's JSON; the server's {@code docs/roundtable.md} has all. */
public record RoundtableRequest(Map<String, Object> fields) {
    /** How the answers become one: merged, handed back as they are, or counted as votes. */
    public enum Resolution { SUMMARY, FAST, MULTIPLE_CHOICE }

    /** Begins a request; it needs {@code input} and {@code models}. */
    public static Builder builder() { return new Builder(); }

    /** Sets the fields of a roundtable. */
    public static final class Builder extends RequestBuilder<Builder> {
        private Builder() {}

        /** The question, which goes to every seat as it stands. */
        public Builder input(String input) { return set("input", input); }

        /** The models, one for each seat; the same one may sit twice. */
        public Builder models(String... names) { return set("models", List.of(names)); }

        /** The seats, where some have settings of their own. */
        public Builder models(List<Seat> seats) { return set("models", seats); }

        /** How the answers become one; {@code SUMMARY} unless said. */
        public Builder resolution(Resolution resolution) { return set("resolution", resolution); }

        /** The choices of a vote, 2 to 100. */
        public Builder choices(String... choices) { return set("choices", List.of(choices)); }

        /** A system prompt for all seats and the consolidation. */
        public Builder instructions(String instructions) { return set("instructions", instructions); }

        /** A JSON Schema that every answer must fit; {@code parse} makes one from a record. */
        public Builder outputSchema(Map<String, ?> schema) { return set("output_schema", schema); }

        /** The model that consolidates, or breaks a tie. */
        public Builder summaryModel(String name) { return set("summary_model", name); }

        /** The server's retries for each seat, 0 to 3; not those of this client. */
        public Builder maxRetries(int retries) { return set("max_retries", retries); }

        /** The server's limit for each seat in milliseconds, up to 300,000; not the timeout of this client. */
        public Builder timeoutMs(int milliseconds) { return set("timeout_ms", milliseconds); }

        /** Returns the request. */
        public RoundtableRequest build() { return new RoundtableRequest(fields()); }
    }
}
