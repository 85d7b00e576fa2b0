package dev.parley.client;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** The server answered with an error. The codes are listed in the server's {@code docs/errors.md}. */
@SuppressWarnings("serial")
public final class ApiException extends ParleyException {
    private final int status;
    private final JsonNode error;
    private final Duration retryAfter;
    private final String requestId;

    private ApiException(int status, String message, JsonNode error, Duration retryAfter, String requestId) {
        super(message, null);
        this.status = status;
        this.error = error;
        this.retryAfter = retryAfter;
        this.requestId = requestId;
    }

    /** Reads an error in the server's envelope, or whatever else came, from a proxy for one. */
    static ApiException of(int status, HttpHeaders headers, byte[] body, Instant now) {
        var envelope = read(body);
        var error = envelope.path("error");
        var fallback = "The answer is HTTP " + status + " without an error of Parley's in it ("
                + headers.firstValue("content-type").orElse("no content type") + ", " + body.length
                + " bytes); does a proxy stand before the server, or is the URL another server's?";
        var message = error.isString() ? error.stringValue() : Json.text(error, "message");
        var requestId = headers.firstValue("x-request-id").orElse(Json.text(envelope, "request_id"));
        var retryAfter = headers.firstValue("retry-after").map(value -> readWait(value, now)).orElse(null);
        if (retryAfter == null && error.path("retry_after_seconds").isNumber()) {
            retryAfter = readWait(error.path("retry_after_seconds").asString(), now);
        }
        return new ApiException(status, message == null ? fallback : message, error, retryAfter, requestId);
    }

    /** Returns the HTTP status. */
    public int status() { return status; }

    /** Returns what happened as a slug, such as {@code rate_limit_exceeded}; null where it is not Parley that answered. */
    public String code() { return Json.text(error, "code"); }

    /** Returns the request's field at fault, such as {@code models[1].temperature}, or null. */
    public String param() { return Json.text(error, "param"); }

    /** Returns an array with one entry for each fault or failed model, or null. */
    public JsonNode details() { return Json.present(error.path("details")); }

    /** Returns the provider's own error, or null. */
    public JsonNode providerError() { return Json.present(error.path("provider_error")); }

    /** Returns how long to wait before the next try, or null. */
    public Duration retryAfter() { return retryAfter; }

    /** Returns the request's id, which is in the server's log and usage events too, or null. */
    public String requestId() { return requestId; }

    @Override
    public String toString() {
        return getClass().getName() + ": " + status + (code() == null ? "" : " " + code()) + ": " + getMessage()
                + (requestId == null ? "" : " (" + requestId + ")");
    }

    private static JsonNode read(byte[] body) {
        try {
            return Json.WIRE.readTree(body);
        } catch (JacksonException noJson) {
            return MissingNode.getInstance();
        }
    }

    /** Reads seconds or a date; null for anything else. Source: RFC 9110, section 10.2.3. */
    private static Duration readWait(String value, Instant now) {
        try {
            var wait = value.matches("\\d{1,9}([.]\\d{1,9})?")
                    ? Duration.ofMillis((long) (Double.parseDouble(value) * 1000))
                    : Duration.between(now, ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeParseException unreadable) {
            return null;
        }
    }
}
