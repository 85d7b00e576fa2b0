package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Every golden answer through the typed library and back. */
class GoldenTest {
    static Stream<Golden> plain() {
        return Golden.all().stream().filter(each -> !each.isStream());
    }

    static Stream<Golden> streams() {
        return Golden.streams();
    }

    @ParameterizedTest
    @MethodSource("plain")
    void plain_answers_lose_nothing_on_their_way_through_the_types(Golden golden) throws Exception {
        try (var server = new WireServer(WireServer.answer(golden.status(), golden.body()))) {
            var client = server.client().with(CallOptions.DEFAULT.maxRetries(0));
            if (golden.status() == 200) {
                assertEquals(Golden.comparable(golden.text()), Golden.encoded(create(client, golden)));
            } else {
                var error = assertThrows(ApiException.class, () -> create(client, golden));
                var expected = Json.WIRE.readTree(golden.text());
                assertEquals(golden.status(), error.status());
                assertEquals(expected.at("/error/code").stringValue(), error.code());
                assertEquals(expected.at("/error/message").stringValue(), error.getMessage());
                assertEquals(expected.at("/error").path("param").stringValue(null), error.param());
                assertEquals(Json.present(expected.at("/error/details")), error.details());
                assertEquals(expected.at("/request_id").stringValue(), error.requestId());
            }
            var sent = server.requests().get(0);
            assertEquals(golden.request(), Json.WIRE.readTree(sent.body()));
        }
    }

    @ParameterizedTest
    @MethodSource("streams")
    void streams_lose_nothing_on_their_way_through_the_types(Golden golden) throws Exception {
        try (var server = new WireServer(WireServer.stream(golden.body()))) {
            var expected = new ArrayList<>(golden.events().stream().map(each -> Golden.comparable(each.toString())).toList());
            var endsInError = "error".equals(name(expected.get(expected.size() - 1)));
            if (endsInError) {
                expected.remove(expected.size() - 1);
            }
            var seen = new ArrayList<JsonNode>();
            try (var stream = stream(server.client(), golden)) {
                var reading = (Runnable) () -> stream.forEach(event -> seen.add(Golden.encoded(event)));
                if (endsInError) {
                    assertEquals("all_models_failed", assertThrows(StreamException.class, reading::run).code());
                } else {
                    reading.run();
                }
            }
            if (golden.name().endsWith("python_client")) {
                ((ObjectNode) expected.get(1)).remove("error_message"); // Said only to clients that say they are Python's.
            }
            assertEquals(expected, seen);
            assertEquals(golden.request(), Json.WIRE.readTree(server.requests().get(0).body()));
        }
    }

    @Test
    void the_final_of_a_roundtable_is_its_done_event() throws Exception {
        var golden = Golden.of("roundtable", "summary_stream");
        var done = (ObjectNode) Golden.comparable(golden.events().get(golden.events().size() - 1).toString());
        done.remove("type");
        assertEquals(done, Golden.encoded(finalOf(golden)));
    }

    @Test
    void the_final_of_a_comparison_is_the_plain_answer_as_far_as_the_stream_has_it() throws Exception {
        var plain = (ObjectNode) Golden.comparable(Golden.of("compare", "comparison").text());
        plain.remove(List.of("created", "trace_uuid"));
        var streamed = Golden.encoded(finalOf(Golden.of("compare", "comparison_stream")));
        for (var body : plain.findValues("response_body")) {
            ((ObjectNode) body).remove("usage"); // Compared below; the plain body spells out what the event leaves out.
        }
        for (var body : streamed.findValues("response_body")) {
            assertEquals(30, body.at("/usage/total_tokens").intValue());
            ((ObjectNode) body).remove("usage");
        }
        assertEquals(plain, streamed);
    }

    @Test
    void the_final_of_a_comparison_without_an_evaluation_has_the_texts_and_failures() throws Exception {
        var whole = (CompareResponse) finalOf(Golden.of("compare", "partial_failure_stream"));
        assertEquals("Yés.", whole.results().get(0).content());
        assertEquals("authentication", whole.results().get(1).errorCode());
        assertEquals(List.of("a", "b"), whole.models());
        assertEquals(null, whole.comparison());
        assertEquals(null, whole.created());
    }

    @Test
    void the_final_of_a_chat_is_the_plain_answer() throws Exception {
        var plain = Golden.comparable(Golden.of("chat", "plain").text());
        assertEquals(plain, Golden.encoded(finalOf(Golden.of("chat", "stream_usage"))));
    }

    @Test
    void the_final_of_a_chat_with_tools_joins_the_pieces_of_the_calls() throws Exception {
        var plain = (ObjectNode) Golden.comparable(Golden.of("chat", "tools").text());
        plain.remove("usage"); // Not asked for in the stream.
        assertEquals(plain, Golden.encoded(finalOf(Golden.of("chat", "tools_stream"))));
    }

    @Test
    void text_deltas_are_the_texts_of_each_seat_and_of_the_summary() throws Exception {
        var golden = Golden.of("roundtable", "summary_stream");
        try (var server = new WireServer(WireServer.stream(golden.body()));
                var stream = server.client().roundtable().stream(new RoundtableRequest(Map.of()))) {
            var texts = new TreeMap<String, String>();
            stream.textDeltas().forEach(each -> texts.merge(each.index() + " " + each.model() + " " + each.isSummary(), each.text(), String::concat));
            assertEquals(
                    Map.of("0 a false", "Yes, it is simpler.", "1 b false", "No, it will not scale.",
                            "null judge true", "a and b disagree about scale."),
                    texts);
            assertEquals("a and b disagree about scale.", stream.finalResult().data().stringValue());
        }
    }

    @Test
    void text_deltas_of_comparisons_and_chats_have_no_index() throws Exception {
        assertEquals(
                List.of(new TextDelta(null, "a", "Yés, ", false), new TextDelta(null, "b", "No, ", false),
                        new TextDelta(null, "a", "it is simpler.", false), new TextDelta(null, "b", "it will not scale.", false)),
                texts(Golden.of("compare", "skip_comparison_stream")));
        assertEquals(new TextDelta(null, "judge", "## Accuracy\n", true), texts(Golden.of("compare", "comparison_stream")).get(0));
        assertEquals(
                List.of(new TextDelta(null, "a", "Yes, ", false), new TextDelta(null, "a", "it is simpler.", false)),
                texts(Golden.of("chat", "stream")));
    }

    private static List<TextDelta> texts(Golden golden) throws Exception {
        try (var server = new WireServer(WireServer.stream(golden.body())); var stream = stream(server.client(), golden)) {
            var texts = new ArrayList<TextDelta>();
            stream.textDeltas().forEach(texts::add);
            return texts;
        }
    }

    private static Object finalOf(Golden golden) throws Exception {
        try (var server = new WireServer(WireServer.stream(golden.body())); var stream = stream(server.client(), golden)) {
            return stream.finalResult();
        }
    }

    private static Object create(Parley client, Golden golden) {
        var fields = fields(golden);
        if (golden.family().equals("roundtable")) {
            return client.roundtable().create(new RoundtableRequest(fields));
        }
        return golden.family().equals("compare")
                ? client.compare().create(new CompareRequest(fields))
                : client.chat().completions().create(new ChatRequest(fields));
    }

    private static ParleyStream<?, ?> stream(Parley client, Golden golden) {
        var fields = fields(golden);
        if (golden.family().equals("roundtable")) {
            return client.roundtable().stream(new RoundtableRequest(fields));
        }
        return golden.family().equals("compare")
                ? client.compare().stream(new CompareRequest(fields))
                : client.chat().completions().stream(new ChatRequest(fields));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> fields(Golden golden) {
        return Json.WIRE.treeToValue(golden.request(), Map.class);
    }

    private static String name(JsonNode event) {
        return event.path("type").stringValue(event.path("event").stringValue(null));
    }
}
