package dev.parley.client;

import java.math.BigDecimal;
import java.util.List;

/**
 * What one model of a comparison answered, or why it could not.
 *
 * @param responseBody the answer as a chat completion; null for a failed model, and with {@code skipComparison} in a stream
 * @param content the answer's text; null for a failed model
 * @param latencyMs with its retry
 * @param error why it failed, as a sentence; {@code errorCode} is the same as a slug
 * @param cost US dollars of all attempts; null where the price is not known
 * @param warnings what the model could not be given, and what was done instead
 */
public record CompareResult(
        String model, ChatCompletion responseBody, String content, long latencyMs, String error, String errorCode,
        ChatUsage usage, String requestId, String finishReason, BigDecimal cost, List<String> warnings) {}
