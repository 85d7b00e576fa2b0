package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ErrorTest {
    private static final RoundtableRequest REQUEST = RoundtableRequest.of("?", "a");

    @Test
    void every_fact_of_the_envelope_is_told() throws Exception {
        var body = "{\"error\":{\"code\":\"rate_limited\",\"message\":\"Slow down.\",\"type\":\"rate_limit_error\",\"param\":\"model\","
                + "\"details\":[{\"loc\":[\"body\"]}],\"provider_error\":{\"type\":\"busy\"},\"retry_after_seconds\":700},"
                + "\"request_id\":\"req_body\"}";
        var failure = failure(WireServer.answer(429, body, "X-Request-Id: req_head"));
        assertEquals(429, failure.status());
        assertEquals("rate_limited", failure.code());
        assertEquals("Slow down.", failure.getMessage());
        assertEquals("model", failure.param());
        assertEquals("body", failure.details().at("/0/loc/0").stringValue());
        assertEquals("busy", failure.providerError().get("type").stringValue());
        assertEquals(Duration.ofSeconds(700), failure.retryAfter());
        assertEquals("req_head", failure.requestId());
        assertEquals("dev.parley.client.ApiException: 429 rate_limited: Slow down. (req_head)", failure.toString());
    }

    @Test
    void an_error_that_is_text_is_its_message() throws Exception {
        var failure = failure(WireServer.answer(400, "{\"error\":\"No such thing.\",\"request_id\":\"req_1\"}"));
        assertEquals("No such thing.", failure.getMessage());
        assertEquals("req_1", failure.requestId());
        assertNull(failure.code());
        assertNull(failure.details());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html><h1>502 Bad Gateway</h1></html>", "", "null", "[]", "17", "{\"detail\":\"x\"}", "{\"error\":null}"})
    void a_proxys_page_is_an_api_error_that_says_so(String body) throws Exception {
        var failure = failure(WireServer.answer(500, body, "Content-Type: text/html", "X-Request-Id: req_2"));
        assertEquals(500, failure.status());
        assertEquals("req_2", failure.requestId());
        assertNull(failure.code());
        assertTrue(failure.getMessage().contains("HTTP 500 with " + body.length() + " bytes of text/html"), failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>It works!</html>", "", "null", "[]", "{\"id\":", "{\"meta\":7}"})
    void a_success_that_is_not_parleys_answer_is_a_connection_error(String body) throws Exception {
        try (var server = new WireServer(WireServer.answer(200, body))) {
            assertThrows(ConnectionException.class, () -> server.client().roundtable().create(REQUEST));
            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void an_unreadable_retry_after_is_none() throws Exception {
        assertNull(failure(WireServer.answer(500, "{}", "Retry-After: soon")).retryAfter());
        assertEquals(Duration.ZERO,
                failure(WireServer.answer(500, "{}", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT")).retryAfter());
    }

    @Test
    void a_huge_answer_is_read_whole() throws Exception {
        var text = "é".repeat(12_000_000);
        try (var server = new WireServer(WireServer.answer(200, "{\"id\":\"rt_1\",\"data\":\"" + text + "\"}"))) {
            assertEquals(text, server.client().roundtable().create(REQUEST).data().stringValue());
        }
    }

    @Test
    void numbers_keep_their_value() throws Exception {
        var body = "{\"id\":\"rt_1\",\"data\":{\"a\":0.10,\"b\":12345678901234567890},\"meta\":{\"total_cost\":2.7E-7}}";
        try (var server = new WireServer(WireServer.answer(200, body))) {
            var response = server.client().roundtable().create(REQUEST);
            assertEquals("{\"a\":0.10,\"b\":12345678901234567890}", response.data().toString());
            assertEquals("0.00000027", response.meta().totalCost().toPlainString());
        }
        try (var server = new WireServer(WireServer.answer(200, "{\"spent_usd\":\"0.10000000000000000000000001\"}"))) {
            var balance = server.client().usage().balance();
            assertEquals("0.10000000000000000000000001", balance.spentUsd().toPlainString());
            assertEquals("{\"spent_usd\":\"0.10000000000000000000000001\"}", Json.WIRE.writeValueAsString(balance));
            assertNull(balance.balanceUsd());
        }
    }

    @Test
    void the_key_is_sent_and_stands_in_no_text() throws Exception {
        try (var server = new WireServer(WireServer.answer(401, "{\"error\":{\"code\":\"unauthorized\",\"message\":\"Who?\"}}"))) {
            var client = Parley.create(server.url(), "rsk_secret");
            var failure = assertThrows(ApiException.class, () -> client.models().list());
            assertEquals("Bearer rsk_secret", server.requests().get(0).headers().get("authorization"));
            assertFalse((failure + " " + client).contains("rsk_secret"));
        }
    }

    private static ApiException failure(WireServer.Script script) throws Exception {
        try (var server = new WireServer(script)) {
            var calls = server.client().with(CallOptions.DEFAULT.maxRetries(0));
            return assertThrows(ApiException.class, () -> calls.roundtable().create(REQUEST));
        }
    }
}
