package dev.parley.client;

import java.util.List;
import java.util.Map;

/** A template as it is made or changed: what is not set stays as it is, and null empties it. */
public record TemplateRequest(Map<String, Object> fields) {
    /** Begins a request; a new template needs a {@code name}. */
    public static Builder builder() { return new Builder(); }

    /** Sets the fields of a template. Texts may hold placeholders: {@code {{ name }}}. */
    public static final class Builder extends RequestBuilder<Builder> {
        private Builder() {}

        /** What requests call it. */
        public Builder name(String name) { return set("name", name); }

        /** What it is for. */
        public Builder description(String description) { return set("description", description); }

        /** Its system prompt. */
        public Builder system(String system) { return set("system", system); }

        /** The messages that come before the request's own. */
        public Builder messages(Message... messages) { return set("messages", List.of(messages)); }

        /** The model that a chat asks unless it names one. */
        public Builder model(String name) { return set("model", name); }

        /** How a model is to answer, such as {@code temperature}; the request's own win. */
        public Builder params(Map<String, ?> params) { return set("params", params); }

        /** Placeholders that need a value, besides those that are found. */
        public Builder variables(String... names) { return set("variables", List.of(names)); }

        /** Whether every key sees it; only an admin key may say so. */
        public Builder isGlobal(boolean isGlobal) { return set("is_global", isGlobal); }

        /** Returns the request. */
        public TemplateRequest build() { return new TemplateRequest(fields()); }
    }
}
