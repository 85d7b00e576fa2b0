package dev.parley.client;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The server answered with an error. Its {@code docs/errors.md} lists the codes, and what to do next. */
@SuppressWarnings("serial")
public final class ApiException extends ParleyException {
    private final int status;
    private final JsonNode envelope;
    private final HttpHeaders headers;
    private final Duration retryAfter;

    private ApiException(int status, HttpHeaders headers, JsonNode envelope, String message, Instant now) {
        super(message, null);
        this.status = status;
        this.headers = headers;
        this.envelope = envelope;
        var inBody = envelope.at("/error/retry_after_seconds").asString("");
        this.retryAfter = readWait(headers.firstValue("retry-after").orElse(inBody), now);
    }

    /** Reads an error in the server's envelope, or whatever else came, from a proxy perhaps. */
    static ApiException of(int status, HttpHeaders headers, byte[] body, Instant now) {
        var fallback = "The answer is HTTP " + status + " with " + body.length + " bytes of "
                + headers.firstValue("content-type").orElse("no known type") + " and no error of Parley's in it; "
                + "does a proxy stand before the server, or is the URL another server's?";
        try {
            var envelope = Json.WIRE.readTree(body);
            var message = envelope.path("error").stringValue(envelope.at("/error/message").stringValue(fallback));
            return new ApiException(status, headers, envelope, message, now);
        } catch (JacksonException noJson) {
            return new ApiException(status, headers, Json.WIRE.createObjectNode(), fallback, now);
        }
    }

    /** Returns the HTTP status. */
    public int status() { return status; }

    /**
     * Returns what happened as a slug, such as {@code rate_limit_exceeded}; null where it is not Parley that answered.
     */
    public String code() { return envelope.at("/error/code").stringValue(null); }

    /** Returns the request's field at fault, such as {@code models[1].temperature}, or null. */
    public String param() { return envelope.at("/error/param").stringValue(null); }

    /** Returns an array with one entry for each fault or failed model, or null. */
    public JsonNode details() { return Json.present(envelope.at("/error/details")); }

    /** Returns the provider's own error, or null. */
    public JsonNode providerError() { return Json.present(envelope.at("/error/provider_error")); }

    /** Returns how long to wait before the next try, or null. */
    public Duration retryAfter() { return retryAfter; }

    /** Returns the request's id, under which the server's log and usage have it, or null. */
    public String requestId() {
        return headers.firstValue("x-request-id").orElse(envelope.path("request_id").stringValue(null));
    }

    @Override
    public String toString() {
        return getClass().getName() + ": " + status + " " + code() + ": " + getMessage() + " (" + requestId() + ")";
    }

    /** Reads seconds or a date; null for anything else. Source: RFC 9110, section 10.2.3. */
    private static Duration readWait(String value, Instant now) {
        if (value.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        try {
            var wait = Duration.between(now, ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME));
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeParseException unreadable) {
            return null;
        }
    }
}
