package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What one seat answered, or why it could not.
 *
 * @param data text, the JSON value, or the choice; the raw text where {@code schemaValid} is false; null for a failed seat
 * @param durationMs with all retries
 * @param finishReason {@code stop}, {@code length}, {@code tool_calls} or {@code content_filter}
 * @param cost US dollars of all attempts; null, never 0, where the price is not known
 * @param error why it failed, as a sentence
 * @param errorCode the same as a slug; also {@code schema_invalid} for an answer that is there but violates the schema
 * @param warnings what the model could not be given, and what was done instead
 */
public record SeatResult(
        int index, String model, JsonNode data, long durationMs, String finishReason, BigDecimal cost, Usage usage,
        String error, String errorCode, Boolean schemaValid, String schemaError, int attempts, List<String> warnings) {
    /** Makes one thing of absent and null. */
    public SeatResult {
        data = Json.present(data);
    }

    /** Returns {@code data} as text, JSON values as JSON; null for a failed seat. */
    public String text() { return Json.asText(data); }
}
