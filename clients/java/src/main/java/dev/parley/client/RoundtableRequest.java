package dev.parley.client;

import java.util.List;
import java.util.Map;

/** What a roundtable is asked: {@code RoundtableRequest.of("…", "sandbox/terse", "sandbox/thorough").maxRetries(0)}. */
public record RoundtableRequest(Map<String, Object> fields) implements Request<RoundtableRequest> {
    /** How the answers become one: merged, handed back as they are, or counted as votes. */
    public enum Resolution { SUMMARY, FAST, MULTIPLE_CHOICE }

    /** Returns a question to one seat for each model; the same one may sit twice. */
    public static RoundtableRequest of(String input, String... models) {
        return new RoundtableRequest(Map.of()).set("input", input).set("models", List.of(models));
    }

    /**
     * A model's place at the table: {@code Seat.of("sandbox/terse").temperature(0.2)}. Null means the model's own
     * setting.
     *
     * @param temperature from 0 to 2
     * @param topP from 0 to 1
     */
    public record Seat(String name, Double temperature, Integer maxTokens, Double topP, Reasoning reasoning) {
        /** Returns a seat without settings of its own. */
        public static Seat of(String name) { return new Seat(name, null, null, null, null); }

        /** Returns this seat at another temperature. */
        public Seat temperature(double value) { return new Seat(name, value, maxTokens, topP, reasoning); }

        /** Returns this seat with at most so many tokens of output. */
        public Seat maxTokens(int value) { return new Seat(name, temperature, value, topP, reasoning); }

        /** Returns this seat thinking so hard. */
        public Seat reasoning(Reasoning value) { return new Seat(name, temperature, maxTokens, topP, value); }
    }

    /** How hard a model thinks. */
    public enum Reasoning { LOW, MEDIUM, HIGH, MAX }

    @Override
    public RoundtableRequest with(Map<String, Object> fields) { return new RoundtableRequest(fields); }

    /** The seats, where some have settings of their own. */
    public RoundtableRequest seats(Seat... seats) { return set("models", List.of(seats)); }

    /** How the answers become one; {@code SUMMARY} unless said. */
    public RoundtableRequest resolution(Resolution resolution) { return set("resolution", resolution); }

    /** The choices of a vote, 2 to 100. */
    public RoundtableRequest choices(String... choices) { return set("choices", List.of(choices)); }

    /** A system prompt for all seats and the consolidation. */
    public RoundtableRequest instructions(String instructions) { return set("instructions", instructions); }

    /** A JSON Schema that every answer must fit; {@code parse} makes one from a record. */
    public RoundtableRequest outputSchema(Map<String, ?> schema) { return set("output_schema", schema); }

    /** The model that consolidates, or breaks a tie. */
    public RoundtableRequest summaryModel(String name) { return set("summary_model", name); }

    /** The server's retries for each seat, 0 to 3; not those of this client. */
    public RoundtableRequest maxRetries(int retries) { return set("max_retries", retries); }

    /** The server's limit for each seat, up to 300,000 ms; not the timeout of this client. */
    public RoundtableRequest timeoutMs(int milliseconds) { return set("timeout_ms", milliseconds); }
}
