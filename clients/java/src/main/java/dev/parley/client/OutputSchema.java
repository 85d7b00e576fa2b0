package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Makes a JSON Schema from a record: its components are the properties, all required but those of type {@link Optional}, and
 * nothing else is allowed. They may be text, numbers, booleans, enums, lists and sets, maps with text as keys, {@link JsonNode}
 * for anything, and records again. {@code @JsonProperty} renames components and enum constants; {@code @JsonClassDescription} and
 * {@code @JsonPropertyDescription} tell the models what is meant.
 */
public final class OutputSchema {
    private static final Set<Class<?>> INTEGERS = Set.of(
            int.class, Integer.class, long.class, Long.class, short.class, Short.class, byte.class, Byte.class, BigInteger.class);
    private static final Set<Class<?>> NUMBERS =
            Set.of(double.class, Double.class, float.class, Float.class, BigDecimal.class);

    /** The records that lead to the one at hand. */
    private final List<Class<?>> path = new ArrayList<>();

    private OutputSchema() {}

    /** Returns the schema of a record. Throws IllegalArgumentException that names the component which none can be made of. */
    public static Map<String, Object> of(Class<?> type) {
        if (!type.isRecord()) {
            throw new IllegalArgumentException(type.getTypeName() + " is no record; answers are parsed into records.");
        }
        return new OutputSchema().ofRecord(type, type.getSimpleName());
    }

    private Map<String, Object> ofRecord(Class<?> type, String place) {
        if (path.contains(type)) {
            throw unsupported(place, type, "it holds itself, and a schema must end");
        }
        path.add(type);
        var properties = new LinkedHashMap<String, Object>();
        var required = new ArrayList<String>();
        for (var component : type.getRecordComponents()) {
            var field = fieldOf(type, component.getName());
            var name = nameOf(field);
            var isOptional = component.getType() == Optional.class;
            var schema = ofType(isOptional ? argument(component.getGenericType(), 0) : component.getGenericType(), place + "." + name);
            describe(schema, field.getAnnotation(JsonPropertyDescription.class));
            properties.put(name, schema);
            if (!isOptional) {
                required.add(name);
            }
        }
        path.remove(type);
        var schema = schema("object");
        if (type.isAnnotationPresent(JsonClassDescription.class)) {
            schema.put("description", type.getAnnotation(JsonClassDescription.class).value());
        }
        schema.putAll(Map.of("properties", properties, "required", required, "additionalProperties", false));
        return schema;
    }

    private Map<String, Object> ofType(Type type, String place) {
        var raw = type instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : type;
        if (raw == String.class) {
            return schema("string");
        } else if (raw == boolean.class || raw == Boolean.class) {
            return schema("boolean");
        } else if (INTEGERS.contains(raw)) {
            return schema("integer");
        } else if (NUMBERS.contains(raw)) {
            return schema("number");
        } else if (raw == JsonNode.class) {
            return new LinkedHashMap<>();
        } else if (raw instanceof Class<?> known && known.isEnum()) {
            var schema = schema("string");
            schema.put("enum", Arrays.stream(known.getFields()).filter(Field::isEnumConstant).map(OutputSchema::nameOf).toList());
            return schema;
        } else if (raw instanceof Class<?> known && known.isRecord()) {
            return ofRecord(known, place);
        } else if ((raw == List.class || raw == Set.class) && type instanceof ParameterizedType) {
            var schema = schema("array");
            schema.put("items", ofType(argument(type, 0), place + "[]"));
            return schema;
        } else if (raw == Map.class && type instanceof ParameterizedType && argument(type, 0) == String.class) {
            var schema = schema("object");
            schema.put("additionalProperties", ofType(argument(type, 1), place + "{}"));
            return schema;
        }
        throw unsupported(place, type, "use text, numbers, booleans, enums, List, Set, Map<String, …>, Optional, JsonNode or records");
    }

    private static Map<String, Object> schema(String type) { return new LinkedHashMap<>(Map.of("type", type)); }

    private static void describe(Map<String, Object> schema, JsonPropertyDescription description) {
        if (description != null) {
            schema.put("description", description.value());
        }
    }

    private static Type argument(Type type, int index) {
        return type instanceof ParameterizedType generic ? generic.getActualTypeArguments()[index] : JsonNode.class;
    }

    private static String nameOf(Field field) {
        var renamed = field.getAnnotation(JsonProperty.class);
        return renamed == null || renamed.value().isEmpty() ? field.getName() : renamed.value();
    }

    private static Field fieldOf(Class<?> type, String name) {
        try {
            return type.getDeclaredField(name);
        } catch (NoSuchFieldException impossible) {
            throw new AssertionError("a record has a field for each component", impossible);
        }
    }

    private static IllegalArgumentException unsupported(String place, Type type, String remedy) {
        return new IllegalArgumentException(place + " is a " + type.getTypeName() + ": " + remedy + ".");
    }
}
