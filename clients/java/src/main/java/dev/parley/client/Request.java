package dev.parley.client;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What all requests share: {@code fields} are those of the request's JSON. Requests do not change; each method returns
 * a new one with one more field. Nothing is checked here: the server does, and says what would be right.
 *
 * @param <R> the request itself
 */
public sealed interface Request<R extends Request<R>>
        permits RoundtableRequest, CompareRequest, ChatRequest, TemplateRequest, UsageFilter {
    /** Returns the fields by their names in the contract. */
    Map<String, Object> fields();

    /** Returns a request of this kind with these fields and no others. */
    R with(Map<String, Object> fields);

    /** Sets any field by its name in the contract, for those that have no method here. */
    default R set(String field, Object value) {
        var all = new LinkedHashMap<>(fields());
        all.put(field, value);
        return with(all);
    }
}
