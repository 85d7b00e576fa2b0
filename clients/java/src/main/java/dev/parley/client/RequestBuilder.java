package dev.parley.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the builders of all requests share. Nothing is checked here: the server does, and says what would be right.
 *
 * @param <B> the builder itself
 */
public abstract sealed class RequestBuilder<B extends RequestBuilder<B>>
        permits RoundtableRequest.Builder, CompareRequest.Builder, ChatRequest.Builder, TemplateRequest.Builder, UsageFilter.Builder {
    private final Map<String, Object> fields = new LinkedHashMap<>();

    RequestBuilder() {}

    /** Sets a field by its name in the contract; for fields that this version has no method for. */
    @SuppressWarnings("unchecked") // B is the type of this very builder.
    public final B set(String field, Object value) {
        fields.put(field, value);
        return (B) this;
    }

    final Map<String, Object> fields() { return Collections.unmodifiableMap(new LinkedHashMap<>(fields)); }
}
