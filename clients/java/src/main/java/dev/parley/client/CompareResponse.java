package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;

/**
 * Answers side by side.
 *
 * @param comparisonId {@code cmp_} and a ULID
 * @param created seconds since 1970; null from a stream
 * @param models as asked for, duplicates left out
 * @param results one for each of {@code models}, in their order
 * @param comparison accuracy, completeness, clarity, recommendation, under these headings; null where there is none
 * @param comparisonFallbackUsed whether another model than the one asked for had to compare
 * @param partial whether a model failed
 * @param totalCost US dollars of all calls whose price is known
 * @param traceUuid what {@code traces().get} takes; null from a stream
 */
public record CompareResponse(
        String comparisonId, String object, Long created, List<String> models, List<CompareResult> results,
        String comparison, String comparisonModel, ChatUsage comparisonUsage, boolean comparisonFallbackUsed,
        long totalLatencyMs, boolean partial, boolean skipComparison, BigDecimal totalCost, String traceUuid) {}
