package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A roundtable's answer.
 *
 * @param data the consolidated answer: text; the JSON value where a schema was asked for; or the winning choice. Null
 *     in {@code fast}, and where the consolidation failed, as {@code meta.summaryError} then says
 * @param modelResults one for each seat, in request order
 */
public record RoundtableResponse(String id, JsonNode data, Meta meta, List<SeatResult> modelResults) {
    /**
     * How the answer came about.
     *
     * @param modelsUsed the models of the seats that answered, in request order
     * @param totalCost US dollars of all calls whose price is known; {@code costComplete} says whether that is all
     * @param traceUuid what {@code traces().get} takes
     * @param partial whether a seat failed or violated the schema
     * @param summaryFallbackUsed whether another model than the one asked for had to consolidate
     * @param summaryTruncated whether the answers had to be cut for the model that consolidates
     */
    public record Meta(
            String resolution, List<String> modelsUsed, BigDecimal totalCost, long totalDurationMs, String traceUuid,
            boolean partial, boolean costComplete, String summaryModel, Usage summaryUsage, boolean summaryFallbackUsed,
            SummaryError summaryError, @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean summaryTruncated,
            Vote vote) {}

    /** Why there is no consolidated answer, or why it broke off. */
    public record SummaryError(String code, String message) {}

    /**
     * {@code tieBreak}: {@code judge}, {@code seat_order} or null; {@code share}: the winner's part of the valid votes.
     */
    public record Vote(List<Tally> tally, boolean tie, String tieBreak, double share) {}

    /** The votes for one choice, and the seats that cast them. */
    public record Tally(String choice, int votes, List<Integer> seats) {}

    /**
     * What one seat answered, or why it could not.
     *
     * @param data text, the JSON value, or the choice; the raw text where {@code schemaValid} is false; null for a
     *     failed seat
     * @param durationMs with all retries, as {@code usage} and {@code cost} are
     * @param finishReason {@code stop}, {@code length}, {@code tool_calls} or {@code content_filter}
     * @param cost US dollars; null, never 0, where the price is not known
     * @param error why it failed, as a sentence
     * @param errorCode the same as a slug; {@code schema_invalid} for an answer that is there but violates the schema
     * @param warnings what the model could not be given, and what was done instead
     */
    public record SeatResult(
            int index, String model, JsonNode data, long durationMs, String finishReason, BigDecimal cost, Usage usage,
            String error, String errorCode, Boolean schemaValid, String schemaError, int attempts,
            List<String> warnings) {}
}
