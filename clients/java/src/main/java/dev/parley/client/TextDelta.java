package dev.parley.client;

/**
 * The next piece of a text. {@code index} is the seat's, for the same model may sit twice; null for the consolidation,
 * in comparisons and in chats. {@code isSummary}: it belongs to the consolidation, or to the comparison.
 */
public record TextDelta(Integer index, String model, String text, boolean isSummary) {}
