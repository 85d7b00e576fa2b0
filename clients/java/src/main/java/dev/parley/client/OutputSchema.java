package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
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
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Makes a JSON Schema from a record: its components are the properties, all required but those of type
 * {@link Optional}, and nothing else is allowed. They may be text, numbers, booleans, enums, lists and sets, maps with
 * text as keys, {@link JsonNode} for anything, and records again. {@code @JsonProperty} renames components and the
 * constants of enums; {@code @JsonPropertyDescription} tells the models what is meant.
 */
public final class OutputSchema {
    private static final Set<Type> INTEGERS = Set.of(
            int.class, Integer.class, long.class, Long.class, short.class, Short.class, byte.class, Byte.class,
            BigInteger.class);
    private static final Set<Type> NUMBERS =
            Set.of(double.class, Double.class, float.class, Float.class, BigDecimal.class);

    private OutputSchema() {}

    /**
     * Returns the schema of a record. Throws IllegalArgumentException that names the component which none can be made
     * of.
     */
    public static Map<String, Object> of(Class<?> type) {
        CallOptions.check(type.isRecord(), type.getTypeName() + " is no record; answers are parsed into records.");
        return ofRecord(type, type.getSimpleName(), List.of());
    }

    /** {@code outer} are the records that hold this one. */
    private static Map<String, Object> ofRecord(Class<?> type, String place, List<Class<?>> outer) {
        CallOptions.check(!outer.contains(type), place + " holds its own type, and a schema must end; use JsonNode.");
        var path = Stream.concat(outer.stream(), Stream.of(type)).toList();
        var properties = new LinkedHashMap<String, Object>();
        var required = new ArrayList<String>();
        for (var field : type.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers())) {
                continue;
            }
            var isOptional = field.getType() == Optional.class;
            var inner = isOptional ? argument(field.getGenericType(), 0) : field.getGenericType();
            var schema = ofType(inner, place + "." + field.getName(), path);
            var description = field.getAnnotation(JsonPropertyDescription.class);
            if (description != null) {
                schema.put("description", description.value());
            }
            properties.put(nameOf(field), schema);
            if (!isOptional) {
                required.add(nameOf(field));
            }
        }
        return schema("object", "properties", properties, "required", required, "additionalProperties", false);
    }

    private static Map<String, Object> ofType(Type type, String place, List<Class<?>> path) {
        var raw = type instanceof ParameterizedType generic ? generic.getRawType() : type;
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
        } else if ((raw == List.class || raw == Set.class) && raw != type) {
            return schema("array", "items", ofType(argument(type, 0), place + "[]", path));
        } else if (raw == Map.class && raw != type && argument(type, 0) == String.class) {
            return schema("object", "additionalProperties", ofType(argument(type, 1), place + "{}", path));
        } else if (raw instanceof Class<?> known && known.isEnum()) {
            var constants = Arrays.stream(known.getFields()).filter(Field::isEnumConstant).map(OutputSchema::nameOf);
            return schema("string", "enum", constants.toList());
        } else if (raw instanceof Class<?> known && known.isRecord() && raw == type) {
            return ofRecord(known, place, path);
        }
        throw new IllegalArgumentException(place + " is a " + type.getTypeName()
                + "; use text, numbers, booleans, enums, List, Set, Map<String, …>, Optional, JsonNode and records.");
    }

    /** Keeps the order, so that a repeated request is the same to the byte. */
    private static Map<String, Object> schema(String type, Object... namesAndValues) {
        var schema = new LinkedHashMap<String, Object>(Map.of("type", type));
        for (var i = 0; i < namesAndValues.length; i += 2) {
            schema.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return schema;
    }

    private static Type argument(Type type, int index) {
        return type instanceof ParameterizedType generic ? generic.getActualTypeArguments()[index] : type;
    }

    private static String nameOf(Field field) {
        var renamed = field.getAnnotation(JsonProperty.class);
        return renamed == null || renamed.value().isEmpty() ? field.getName() : renamed.value();
    }
}
