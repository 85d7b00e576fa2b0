package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ParleyTest {
    @Test
    void the_environment_configures_a_client_that_is_not_told_otherwise() {
        var environment = Map.of("PARLEY_URL", "http://a:1/", "PARLEY_API_KEY", "rsk_a");
        assertEquals("Parley[url=http://a:1, apiKey=set]", Parley.of(environment).toString());
        assertEquals("Parley[url=https://b/parley, apiKey=none]", Parley.create(" https://b/parley/ ", null).toString());
        assertEquals("Parley[url=http://127.0.0.1:8080, apiKey=none]", Parley.of(Map.of()).toString());
        assertEquals("Parley[url=http://127.0.0.1:8080, apiKey=none]", Parley.of(Map.of("PARLEY_API_KEY", "")).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:8080, must be an address such as",
        "ftp://host, lacks http:// or a host",
        "http://, must be an address such as",
        "http:///path, lacks http:// or a host",
        "host/path, lacks http:// or a host",
        "//host, lacks http:// or a host",
        "'http://host name', must be an address such as",
        "http://me:pw@host, 'without @, ? and #'",
        "http://host?x=1, 'without @, ? and #'",
        "http://host/#x, 'without @, ? and #'",
        "http://host/v1, must not end in /v1 or /v3",
        "http://host/v3/, must not end in /v1 or /v3",
        "http://host:port, must be an address such as",
        "http://ho%st, must be an address such as"
    })
    void a_wrong_url_is_refused_with_what_would_be_right(String url, String advice) {
        var message = assertThrows(IllegalArgumentException.class, () -> Parley.of(Map.of("PARLEY_URL", url))).getMessage();
        assertTrue(message.startsWith("The server's URL (PARLEY_URL) ") && message.contains(advice), message);
        assertFalse(message.contains("pw"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n", "rsk_a\n", "rsk_a\r\nX-Evil: 1", "rsk a", "rsk_ä"})
    void a_wrong_key_is_refused_without_showing_it(String key) {
        var message = assertThrows(IllegalArgumentException.class, () -> Parley.create("http://a", key)).getMessage();
        assertTrue(message.startsWith("The API key "), message);
        assertFalse(message.contains("rsk"), message);
    }

    @Test
    void wrong_options_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> CallOptions.DEFAULT.timeout(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> CallOptions.DEFAULT.maxRetries(-1));
        assertThrows(IllegalArgumentException.class, () -> CallOptions.DEFAULT.idempotencyKey("a\nb"));
        assertThrows(IllegalArgumentException.class, () -> CallOptions.DEFAULT.idempotencyKey("a".repeat(256)));
        assertEquals(255, CallOptions.DEFAULT.idempotencyKey("a".repeat(255)).idempotencyKey().length());
    }

    @Test
    void every_management_call_has_its_method_path_and_body() throws Exception {
        try (var server = new WireServer(WireServer.answer(200, "{\"data\":[]}"))) {
            var client = server.client();
            client.models().list();
            client.models().list(true, "text", "my provider");
            client.models().search("a&b", 5, null);
            client.models().get("sandbox/terse?tps=0");
            client.templates().get("a b");
            client.templates().update("t/1", TemplateRequest.changes().description(null).system("s"));
            client.templates().delete("t");
            client.usage().totals(UsageFilter.ALL.since(Instant.EPOCH).until(Instant.EPOCH).model("m").status("ok"));
            client.usage().events(UsageFilter.ALL.keyId("k").panelId("rt_1").requestId("r").limit(2).offset(1));
            client.usage().attempts("e1");
            client.usage().rateLimits();
            client.usage().balance();
            client.traces().list("roundtable", 2, 4);
            client.traces().get("u");
            client.traces().delete("u");
            assertEquals(
                    List.of(
                            "GET /v1/models ",
                            "GET /v1/models?free=true&type=text&provider=my%20provider ",
                            "GET /v1/models/search?q=a%26b&limit=5 ",
                            "GET /v1/models/sandbox/terse%3Ftps%3D0 ",
                            "GET /v1/templates/a%20b ",
                            "PATCH /v1/templates/t/1 {\"description\":null,\"system\":\"s\"}",
                            "DELETE /v1/templates/t ",
                            "POST /v1/usage {\"since\":\"1970-01-01T00:00:00Z\",\"until\":\"1970-01-01T00:00:00Z\",\"model\":\"m\",\"status\":\"ok\"}",
                            "POST /v1/usage/events {\"key_id\":\"k\",\"panel_id\":\"rt_1\",\"request_id\":\"r\",\"limit\":2,\"offset\":1}",
                            "GET /v1/usage/events/e1/attempts ",
                            "GET /v1/usage/rate-limits ",
                            "GET /v1/balance ",
                            "GET /v3/traces?name=roundtable&limit=2&offset=4 ",
                            "GET /v3/traces/u ",
                            "DELETE /v3/traces/u "),
                    server.requests().stream().map(each -> each.method() + " " + each.target() + " " + each.body()).toList());
            var headers = server.requests().get(0).headers();
            assertEquals("parley-java/0.1.0", headers.get("user-agent"));
            assertNull(headers.get("upgrade"));
            assertNull(headers.get("content-type"));
            assertEquals("application/json", server.requests().get(5).headers().get("content-type"));
        }
    }

    @Test
    void plain_calls_share_a_connection_also_with_other_options() throws Exception {
        try (var server = new WireServer(WireServer.answer(200, "{}"))) {
            var client = server.client();
            client.usage().balance();
            client.with(CallOptions.DEFAULT.maxRetries(0)).usage().balance();
            client.roundtable().create(RoundtableRequest.of("?", "a"));
            assertEquals(3, server.requests().size());
            assertEquals(1, server.connections());
        }
    }

    @Test
    void an_empty_id_is_refused_because_it_would_mean_another_call() throws Exception {
        try (var server = new WireServer(WireServer.answer(200, "{}"))) {
            assertThrows(IllegalArgumentException.class, () -> server.client().traces().delete(" "));
            assertThrows(IllegalArgumentException.class, () -> server.client().templates().get(null));
            assertEquals(List.of(), server.requests());
        }
    }

    @Test
    void requests_have_the_names_of_the_contract() {
        var roundtable = RoundtableRequest.of("?", "a").resolution(RoundtableRequest.Resolution.MULTIPLE_CHOICE)
                .seats(RoundtableRequest.Seat.of("a").temperature(0.5).maxTokens(9).reasoning(RoundtableRequest.Reasoning.HIGH), RoundtableRequest.Seat.of("b"))
                .choices("x", "y").instructions("i").summaryModel("j").maxRetries(0).timeoutMs(1).set("new_field", true);
        assertEquals("{\"input\":\"?\",\"models\":[{\"name\":\"a\",\"temperature\":0.5,\"max_tokens\":9,"
                + "\"reasoning\":\"high\"},{\"name\":\"b\"}],\"resolution\":\"multiple_choice\",\"choices\":[\"x\",\"y\"],"
                + "\"instructions\":\"i\",\"summary_model\":\"j\",\"max_retries\":0,\"timeout_ms\":1,\"new_field\":true}", json(roundtable));
        var compare = CompareRequest.of("?", "a").modelOverrides(new CompareRequest.ModelOverride("a", 1.0, null, "s"))
                .comparisonModel("j").comparisonInstructions("i").temperature(0).maxTokens(5).skipComparison(true).cache(true)
                .template("t", Map.of("k", "v"));
        assertEquals("{\"models\":[\"a\"],\"messages\":[{\"role\":\"user\",\"content\":\"?\"}],\"model_overrides\":[{\"model\":\"a\","
                + "\"temperature\":1.0,\"system_prompt\":\"s\"}],\"comparison_model\":\"j\",\"comparison_instructions\":\"i\","
                + "\"temperature\":0.0,\"max_tokens\":5,\"skip_comparison\":true,\"cache\":true,\"template\":\"t\","
                + "\"variables\":{\"k\":\"v\"}}", json(compare));
        var said = new ChatCompletion.Message("assistant", null, null, null,
                List.of(new ChatCompletion.ToolCall(null, "c1", "function", new ChatCompletion.Function("f", "{}"))));
        var chat = ChatRequest.of("a", Message.system("s"), Message.assistant(said), Message.tool("c1", "4"))
                .fallbacks("b").reasoningEffort("low").includeUsage().timeoutSeconds(2).tools(List.of()).maxTokens(3);
        assertEquals("{\"model\":\"a\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"assistant\",\"tool_calls\":"
                + "[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
                + "{\"role\":\"tool\",\"content\":\"4\",\"tool_call_id\":\"c1\"}],\"models\":[\"b\"],\"reasoning_effort\":\"low\","
                + "\"stream_options\":{\"include_usage\":true},\"timeout\":2.0,\"tools\":[],\"max_tokens\":3}", json(chat));
        var template = TemplateRequest.of("n").messages(Message.user("{{ x }}")).model("m").params(Map.of("temperature", 1)).isGlobal(true);
        assertEquals("{\"name\":\"n\",\"messages\":[{\"role\":\"user\",\"content\":\"{{ x }}\"}],\"model\":\"m\","
                + "\"params\":{\"temperature\":1},\"is_global\":true}", json(template));
    }

    @Test
    void a_request_is_not_changed_by_what_is_made_of_it() {
        var first = RoundtableRequest.of("?", "a");
        first.maxRetries(3);
        assertEquals("{\"input\":\"?\",\"models\":[\"a\"]}", json(first));
    }

    @Test
    void the_version_is_that_of_the_package() throws Exception {
        assertTrue(Files.readString(Path.of("pom.xml")).contains("<version>" + Parley.VERSION + "</version>"));
    }

    private static String json(Request<?> request) {
        return Json.WIRE.writeValueAsString(request.fields());
    }
}
