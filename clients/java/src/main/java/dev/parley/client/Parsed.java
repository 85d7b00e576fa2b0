package dev.parley.client;

/** An answer as a value of the asked-for type, and the whole answer beside it. */
public record Parsed<T>(T value, RoundtableResponse response) {}
