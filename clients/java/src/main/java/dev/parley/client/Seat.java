package dev.parley.client;

/**
 * A model's place at a roundtable: {@code Seat.of("sandbox/terse").temperature(0.2)}. Null means the model's own
 * setting.
 */
public record Seat(String name, Double temperature, Integer maxTokens, Double topP, Reasoning reasoning) {
    /** How hard a model thinks. */
    public enum Reasoning { LOW, MEDIUM, HIGH, MAX }

    /** Returns a seat without settings of its own. */
    public static Seat of(String name) { return new Seat(name, null, null, null, null); }

    /** Returns this seat at a temperature from 0 to 2. */
    public Seat temperature(double value) { return new Seat(name, value, maxTokens, topP, reasoning); }

    /** Returns this seat with at most so many tokens of output. */
    public Seat maxTokens(int value) { return new Seat(name, temperature, value, topP, reasoning); }

    /** Returns this seat with nucleus sampling from 0 to 1. */
    public Seat topP(double value) { return new Seat(name, temperature, maxTokens, value, reasoning); }

    /** Returns this seat thinking so hard. */
    public Seat reasoning(Reasoning value) { return new Seat(name, temperature, maxTokens, topP, value); }
}
