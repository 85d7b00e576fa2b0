package dev.parley.client;

import com.fasterxml.jackson.annotation.JsonInclude.Include;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/** The two ways in which JSON is read here. */
final class Json {
    /** The contracts': snake case, unknown fields passed over, numbers as they were written. */
    static final JsonMapper WIRE = builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .changeDefaultPropertyInclusion(usual -> usual.withValueInclusion(Include.NON_NULL))
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.FAIL_ON_INVALID_SUBTYPE)
            .build();

    /** The caller's own types': names as they stand, and nothing bent to fit. */
    static final JsonMapper OUTPUT = builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private Json() {}

    /** Returns a field that is text, or null. */
    static String text(JsonNode object, String field) { return object.path(field).stringValue(null); }

    /** Returns null for JSON's null too: to us absent and null are one thing. */
    static JsonNode present(JsonNode node) {
        return node == null || node.isNull() || node.isMissingNode() ? null : node;
    }

    /** Returns text as it is and any other value as JSON; null for null. */
    static String asText(JsonNode node) {
        return node == null || node.isString() ? (node == null ? null : node.stringValue()) : node.toString();
    }

    private static JsonMapper.Builder builder() {
        // The most that the server lets an answer have is the operator's to say.
        var constraints = StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build();
        return JsonMapper.builder(JsonFactory.builder().streamReadConstraints(constraints).build())
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN);
    }
}
