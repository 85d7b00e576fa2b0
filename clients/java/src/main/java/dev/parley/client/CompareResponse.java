package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;

/**
 * Answers side by side.
 *
 * @param created seconds since 1970; null from a stream
 * @param models as asked for, duplicates left out; {@code results} are in their order
 * @param comparison accuracy, completeness, clarity, recommendation, under these headings; null where there is none
 * @param comparisonFallbackUsed whether another model than the one asked for had to compare
 * @param partial whether a model failed
 * @param totalCost US dollars of all calls whose price is known
 * @param traceUuid what {@code traces().get} takes; null from a stream
 */
public record CompareResponse(
        String comparisonId, String object, Long created, List<String> models, List<Result> results, String comparison,
        String comparisonModel, ChatCompletion.Usage comparisonUsage, boolean comparisonFallbackUsed,
        long totalLatencyMs, boolean partial, boolean skipComparison, BigDecimal totalCost, String traceUuid) {
    /**
     * What one model answered, or why it could not.
     *
     * @param responseBody the answer as a chat completion; null for a failed model, and with {@code skipComparison} in
     *     a stream
     * @param latencyMs with its retry, as {@code usage} and {@code cost} are
     * @param error why it failed, as a sentence; {@code errorCode} is the same as a slug
     * @param cost US dollars; null where the price is not known
     * @param warnings what the model could not be given, and what was done instead
     */
    public record Result(
            String model, ChatCompletion responseBody, String content, long latencyMs, String error, String errorCode,
            ChatCompletion.Usage usage, String requestId, String finishReason, BigDecimal cost,
            List<String> warnings) {}
}
