package dev.parley.client;

import java.util.List;
import java.util.Map;

/**
 * A stored beginning of a conversation; requests name it by {@code name} or {@code id}.
 *
 * @param owner the name of the key that made it
 * @param params how a model is to answer, such as {@code temperature}
 * @param variables the placeholders that need a value
 */
public record Template(
        String id, String name, String owner, boolean isGlobal, String description, String system,
        List<Map<String, Object>> messages, String model, Map<String, Object> params, List<String> variables,
        String createdAt, String updatedAt) {}
