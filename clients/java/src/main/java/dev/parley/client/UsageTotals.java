package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.math.BigDecimal;
import java.util.List;

/**
 * What was used and what it cost.
 *
 * @param requests requests by outcome; one may be counted under several
 * @param events model calls by outcome, retries within them
 * @param totalCostUsd as far as prices are known; {@code costComplete} says whether that is all
 */
public record UsageTotals(
        Outcomes requests, Outcomes events, Usage tokens, @Money BigDecimal totalCostUsd, boolean costComplete,
        List<ModelShare> byModel) {
    /** How many ended how. */
    public record Outcomes(long total, long ok, long failed, long cancelled, long abandoned, long running) {}

    /** One model's part. */
    public record ModelShare(String model, long events, @JsonUnwrapped Usage tokens, @Money BigDecimal costUsd) {}
}
