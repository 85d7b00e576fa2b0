package dev.parley.client;

import java.util.List;
import java.util.Map;

/**
 * How a request went.
 *
 * @param id the {@code traceUuid} of answers
 * @param status {@code ok}, {@code error} or {@code cancelled}
 * @param spans the request, its seats and their attempts; null in a list
 */
public record Trace(
        String id, String name, int spanCount, String status, String startTime, String endTime, double durationMs,
        List<Span> spans) {
    /**
     * One step. {@code attributes} have OpenTelemetry's names for generative AI, and the server's own behind
     * {@code parley.}.
     */
    public record Span(
            String id, String parentId, String requestId, String name, String kind, String status, String startTime,
            String endTime, double durationMs, Map<String, Object> attributes) {}

    /** Some of the key's traces, newest first. */
    public record Page(List<Trace> traces, int limit, int offset, boolean hasMore) {}
}
