package dev.parley.client;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One call as it goes to the server. {@code body} is null or becomes JSON; {@code hasKey}: it takes an idempotency key.
 */
record Call(String method, String path, Map<String, Object> body, RetryRule retryRule, boolean hasKey) {
    static Call of(String method, String path, Request<?> request) {
        return new Call(method, path, request == null ? null : request.fields(), RetryRule.USUAL, false);
    }

    static Call get(String path) { return of("GET", path, null); }

    /** Returns a call that asks models, and so must not be paid for twice. */
    static Call ask(String path, Request<?> request) {
        return new Call("POST", path, request.fields(), RetryRule.USUAL, true);
    }

    static Call stream(String path, Request<?> request) {
        return of("POST", path, request.set("stream", true));
    }

    /** Returns the path of one thing; the slashes in its id stand. */
    static String path(String collection, String id) {
        CallOptions.check(id != null && !id.isBlank(), "The id is empty; without one this would be another call.");
        return collection + "/" + escape(id).replace("%2F", "/");
    }

    /** Returns this call, a GET, with one more parameter in its query, if there is a value for it. */
    Call with(String name, Object value) {
        var mark = path.contains("?") ? "&" : "?";
        return value == null ? this : get(path + mark + name + "=" + escape(value.toString()));
    }

    @Override
    public String toString() { return method + " " + path; }

    private static String escape(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
