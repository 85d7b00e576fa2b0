package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class OutputSchemaTest {
    enum Size {
        SMALL,
        @JsonProperty("very large")
        LARGE;

        @Override
        public String toString() { return "size " + ordinal(); }
    }

    record Sized(Size size) {}

    record Part(String name, double weightKg) {}

    record Everything(
            String text, boolean flag, Boolean boxedFlag, int number, Long big, BigInteger huge, double share,
            BigDecimal price, Size size, List<Part> parts, Set<String> tags, Map<String, List<Integer>> counts,
            Optional<Part> spare, JsonNode anything,
            @JsonProperty("the-name") @JsonPropertyDescription("As on the label.") String renamed) {
        static final String IGNORED = "constants are no components";
    }

    record Node(String name, List<Node> children) {}

    record Dated(Instant when) {}

    record Raw(@SuppressWarnings("rawtypes") List items) {}

    record Keyed(Map<Integer, String> names) {}

    record Generic<T>(T value) {}

    record HasGeneric(Generic<String> inner) {}

    record Verdict(Answer verdict, double confidence) {
        enum Answer { yes, no }
    }

    record Loose(Optional<String> note, List<String> tags, int count) {}

    @Test
    void every_supported_type_has_its_schema() {
        var part = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"weightKg\":{\"type\":\"number\"}},"
                + "\"required\":[\"name\",\"weightKg\"],\"additionalProperties\":false}";
        var expected = Json.WIRE.readTree("{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                + "\"text\":{\"type\":\"string\"},\"flag\":{\"type\":\"boolean\"},\"boxedFlag\":{\"type\":\"boolean\"},"
                + "\"number\":{\"type\":\"integer\"},\"big\":{\"type\":\"integer\"},\"huge\":{\"type\":\"integer\"},"
                + "\"share\":{\"type\":\"number\"},\"price\":{\"type\":\"number\"},"
                + "\"size\":{\"type\":\"string\",\"enum\":[\"SMALL\",\"very large\"]},"
                + "\"parts\":{\"type\":\"array\",\"items\":" + part + "},"
                + "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                + "\"counts\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}},"
                + "\"spare\":" + part + ",\"anything\":{},"
                + "\"the-name\":{\"type\":\"string\",\"description\":\"As on the label.\"}},"
                + "\"required\":[\"text\",\"flag\",\"boxedFlag\",\"number\",\"big\",\"huge\",\"share\",\"price\",\"size\",\"parts\","
                + "\"tags\",\"counts\",\"anything\",\"the-name\"]}");
        assertEquals(expected, Json.WIRE.valueToTree(OutputSchema.of(Everything.class)));
    }

    @Test
    void a_schema_is_the_same_to_the_byte_each_time() {
        assertEquals(
                "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"weightKg\":{\"type\":\"number\"}},"
                        + "\"required\":[\"name\",\"weightKg\"],\"additionalProperties\":false}",
                Json.WIRE.writeValueAsString(OutputSchema.of(Part.class)));
    }

    @Test
    void a_type_that_has_no_schema_is_named_with_its_place() {
        var wrong = Map.of(
                Dated.class, "Dated.when is a java.time.Instant",
                Raw.class, "Raw.items is a java.util.List",
                Keyed.class, "Keyed.names is a java.util.Map",
                HasGeneric.class, "HasGeneric.inner is a ",
                Node.class, "Node.children[] holds its own type",
                String.class, "java.lang.String is no record");
        wrong.forEach((type, beginning) -> {
            var message = assertThrows(IllegalArgumentException.class, () -> OutputSchema.of(type)).getMessage();
            assertTrue(message.startsWith(beginning), message);
        });
    }

    @Test
    void an_answer_is_parsed_into_the_type_and_the_schema_is_sent() throws Exception {
        try (var server = new WireServer(answer("{\"verdict\":\"yes\",\"confidence\":1}"))) {
            var parsed = server.client().roundtable().parse(RoundtableRequest.of("?", "a"), Verdict.class);
            assertEquals(new Verdict(Verdict.Answer.yes, 1.0), parsed.value());
            assertEquals("rt_1", parsed.response().id());
            assertEquals(
                    Json.WIRE.valueToTree(OutputSchema.of(Verdict.class)),
                    Json.WIRE.readTree(server.requests().get(0).body()).get("output_schema"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"verdict\":\"yes\"}",
        "{\"confidence\":0.5}",
        "{\"verdict\":null,\"confidence\":0.5}",
        "{\"verdict\":\"yes\",\"confidence\":null}",
        "{\"verdict\":\"maybe\",\"confidence\":0.5}",
        "{\"verdict\":0,\"confidence\":0.5}",
        "{\"verdict\":\"yes\",\"confidence\":\"0.5\"}",
        "{\"verdict\":\"yes\",\"confidence\":0.5,\"more\":1}",
        "\"yes\"",
        "[]",
        "null"
    })
    void an_answer_that_does_not_fit_is_an_output_error_with_all_that_came(String data) throws Exception {
        try (var server = new WireServer(answer(data))) {
            var failure = assertThrows(OutputException.class,
                    () -> server.client().roundtable().parse(RoundtableRequest.of("?", "a"), Verdict.class));
            assertEquals("rt_1", failure.response().id());
        }
    }

    @Test
    void optional_components_may_be_missing_and_others_not() throws Exception {
        try (var server = new WireServer(answer("{\"tags\":[\"a\"],\"count\":3}"), answer("{\"count\":3}"))) {
            var calls = server.client().roundtable();
            assertEquals(new Loose(Optional.empty(), List.of("a"), 3), calls.parse(RoundtableRequest.of("?"), Loose.class).value());
            assertThrows(OutputException.class, () -> calls.parse(RoundtableRequest.of("?"), Loose.class));
        }
    }

    @Test
    void enums_are_read_by_the_names_in_the_schema_whatever_they_print() throws Exception {
        try (var server = new WireServer(answer("{\"size\":\"SMALL\"}"), answer("{\"size\":\"very large\"}"))) {
            var calls = server.client().roundtable();
            assertEquals(Size.SMALL, calls.parse(RoundtableRequest.of("?"), Sized.class).value().size());
            assertEquals(Size.LARGE, calls.parse(RoundtableRequest.of("?"), Sized.class).value().size());
        }
    }

    @Test
    void a_failed_consolidation_is_named_in_the_output_error() throws Exception {
        var body = "{\"id\":\"rt_1\",\"data\":null,\"meta\":{\"summary_error\":{\"code\":\"schema_invalid\",\"message\":\"No fit.\"}}}";
        try (var server = new WireServer(WireServer.answer(200, body))) {
            var failure = assertThrows(OutputException.class,
                    () -> server.client().roundtable().parse(RoundtableRequest.of("?", "a"), Verdict.class));
            assertEquals("There is no answer to parse: No fit.", failure.getMessage());
        }
    }

    private static WireServer.Script answer(String data) {
        return WireServer.answer(200, "{\"id\":\"rt_1\",\"data\":" + data + ",\"meta\":{},\"model_results\":[]}");
    }
}
