package dev.parley.client;

import java.util.List;
import java.util.Map;

/**
 * A template as it is made or changed. What is not set stays as it is; null empties it. Placeholders:
 * {@code {{ name }}}.
 */
public record TemplateRequest(Map<String, Object> fields) implements Request<TemplateRequest> {
    /** Returns a template with a name. */
    public static TemplateRequest of(String name) { return changes().set("name", name); }

    /** Returns what changes nothing yet. */
    public static TemplateRequest changes() { return new TemplateRequest(Map.of()); }

    @Override
    public TemplateRequest with(Map<String, Object> fields) { return new TemplateRequest(fields); }

    /** What it is for. */
    public TemplateRequest description(String description) { return set("description", description); }

    /** Its system prompt. */
    public TemplateRequest system(String system) { return set("system", system); }

    /** The messages that come before the request's own. */
    public TemplateRequest messages(Message... messages) { return set("messages", List.of(messages)); }

    /** The model that a chat asks unless it names one. */
    public TemplateRequest model(String name) { return set("model", name); }

    /** How a model is to answer, such as {@code temperature}; the request's own win. */
    public TemplateRequest params(Map<String, ?> params) { return set("params", params); }

    /** Whether every key sees it; only an admin key may say so. */
    public TemplateRequest isGlobal(boolean isGlobal) { return set("is_global", isGlobal); }
}
