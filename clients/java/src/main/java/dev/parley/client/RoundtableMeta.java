package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.util.List;

/**
 * How a roundtable's answer came about.
 *
 * @param modelsUsed the models of the seats that answered, in request order
 * @param totalCost US dollars of all calls whose price is known; {@code costComplete} says whether that is all
 * @param traceUuid what {@code traces().get} takes
 * @param partial whether a seat failed or violated the schema
 * @param summaryFallbackUsed whether another model than the one asked for had to consolidate
 * @param summaryTruncated whether the answers had to be cut for the model that consolidates
 */
public record RoundtableMeta(
        String resolution, List<String> modelsUsed, BigDecimal totalCost, long totalDurationMs, String traceUuid,
        boolean partial, boolean costComplete, String summaryModel, Usage summaryUsage, boolean summaryFallbackUsed,
        SummaryError summaryError, @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean summaryTruncated, Vote vote) {
    /** Why there is no consolidated answer, or why it broke off. */
    public record SummaryError(String code, String message) {}

    /** {@code tieBreak}: {@code judge}, {@code seat_order} or null; {@code share}: the winner's part of the valid votes, 0 to 1. */
    public record Vote(List<Tally> tally, boolean tie, String tieBreak, double share) {}

    /** The votes for one choice, and the seats that cast them. */
    public record Tally(String choice, int votes, List<Integer> seats) {}
}
