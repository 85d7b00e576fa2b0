package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class RetryTest {
    private static final RoundtableRequest REQUEST = RoundtableRequest.of("?", "a");
    private static final WireServer.Script GOOD = WireServer.answer(200, "{\"id\":\"rt_1\"}");

    /** Sleeps by setting itself forward, and draws the longest waits. */
    static final class FakeClock implements Clock {
        final List<Duration> pauses = new ArrayList<>();
        private long nanos;

        @Override
        public long nanoTime() { return nanos; }

        @Override
        public Instant now() { return Instant.parse("2026-11-22T12:00:00Z"); }

        @Override
        public void sleep(Duration pause) {
            pauses.add(pause);
            nanos += pause.toNanos();
        }

        @Override
        public double random() { return 0.5; }
    }

    private final FakeClock clock = new FakeClock();

    @ParameterizedTest
    @ValueSource(ints = {429, 502, 503, 504})
    void passing_failures_are_tried_again_with_the_same_idempotency_key(int status) throws Exception {
        try (var server = new WireServer(fail(status), fail(status), GOOD)) {
            assertEquals("rt_1", server.client(clock).roundtable().create(REQUEST).id());
            assertEquals(List.of(Duration.ofMillis(250), Duration.ofMillis(500)), clock.pauses);
            var keys = server.requests().stream().map(each -> each.headers().get("idempotency-key")).distinct().toList();
            assertEquals(1, keys.size());
            assertEquals(36, keys.get(0).length());
        }
    }

    @Test
    void two_calls_have_two_idempotency_keys_and_streams_and_lists_have_none() throws Exception {
        try (var server = new WireServer(GOOD)) {
            var client = server.client(clock);
            client.roundtable().create(REQUEST);
            client.roundtable().vote(REQUEST.choices("a", "b"));
            client.roundtable().stream(REQUEST).close();
            client.usage().balance();
            var keys = server.requests().stream().map(each -> each.headers().get("idempotency-key")).toList();
            assertNotEquals(keys.get(0), keys.get(1));
            assertNull(keys.get(2));
            assertNull(keys.get(3));
        }
    }

    @Test
    void the_callers_own_idempotency_key_is_sent() throws Exception {
        try (var server = new WireServer(fail(503), GOOD)) {
            server.client(clock).with(CallOptions.DEFAULT.idempotencyKey("mine 1")).roundtable().create(REQUEST);
            assertEquals(List.of("mine 1", "mine 1"),
                    server.requests().stream().map(each -> each.headers().get("idempotency-key")).toList());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 402, 403, 404, 408, 413, 422, 500, 501, 302})
    void lasting_failures_are_raised_at_once(int status) throws Exception {
        try (var server = new WireServer(fail(status), GOOD)) {
            var failure = assertThrows(ApiException.class, () -> server.client(clock).roundtable().create(REQUEST));
            assertEquals(status, failure.status());
            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void a_conflict_is_tried_again_only_while_the_first_call_runs() throws Exception {
        var running = WireServer.answer(409, "{\"error\":{\"code\":\"idempotency_in_progress\",\"message\":\"m\"}}", "Retry-After: 1");
        try (var server = new WireServer(running, GOOD)) {
            assertEquals("rt_1", server.client(clock).roundtable().create(REQUEST).id());
            assertEquals(List.of(Duration.ofSeconds(1)), clock.pauses);
        }
        try (var server = new WireServer(fail(409), GOOD)) {
            assertThrows(ApiException.class, () -> server.client(clock).roundtable().create(REQUEST));
        }
    }

    @Test
    void broken_connections_are_tried_again() throws Exception {
        var half = WireServer.cut("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\"");
        try (var server = new WireServer(WireServer.cut(""), half, GOOD)) {
            assertEquals("rt_1", server.client(clock).roundtable().create(REQUEST).id());
            assertEquals(3, server.requests().size());
        }
    }

    @Test
    void after_the_last_retry_the_last_failure_is_raised() throws Exception {
        try (var server = new WireServer(fail(503), fail(502), fail(429), GOOD)) {
            var failure = assertThrows(ApiException.class, () -> server.client(clock).roundtable().create(REQUEST));
            assertEquals(429, failure.status());
            assertEquals(3, server.requests().size());
        }
    }

    @Test
    void the_number_of_retries_can_be_said_for_a_call() throws Exception {
        try (var server = new WireServer(fail(503), GOOD)) {
            var calls = server.client(clock).with(CallOptions.DEFAULT.maxRetries(0));
            assertThrows(ApiException.class, () -> calls.roundtable().create(REQUEST));
            assertEquals(List.of(), clock.pauses);
        }
    }

    @Test
    void the_wait_is_never_shorter_than_retry_after_in_seconds_or_as_a_date() throws Exception {
        try (var server = new WireServer(
                fail(429, "Retry-After: 7"), fail(429, "Retry-After: Sun, 22 Nov 2026 12:00:09 GMT"), GOOD)) {
            server.client(clock).roundtable().create(REQUEST);
            assertEquals(List.of(Duration.ofSeconds(7), Duration.ofSeconds(9)), clock.pauses);
        }
    }

    @Test
    void a_wait_beyond_a_minute_is_raised_at_once_with_its_length() throws Exception {
        try (var server = new WireServer(fail(429, "Retry-After: 60"), fail(429, "Retry-After: 61"), GOOD)) {
            var failure = assertThrows(ApiException.class, () -> server.client(clock).roundtable().create(REQUEST));
            assertEquals(Duration.ofSeconds(61), failure.retryAfter());
            assertEquals(List.of(Duration.ofSeconds(60)), clock.pauses);
        }
    }

    @Test
    void a_wait_beyond_the_timeout_is_raised_at_once() throws Exception {
        try (var server = new WireServer(fail(503, "Retry-After: 30"), GOOD)) {
            var calls = server.client(clock).with(CallOptions.DEFAULT.timeout(Duration.ofSeconds(30)));
            assertThrows(ApiException.class, () -> calls.roundtable().create(REQUEST));
            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void a_template_is_made_again_only_where_the_server_did_nothing() throws Exception {
        for (var status : new int[] {429, 503}) {
            try (var server = new WireServer(fail(status), WireServer.answer(201, "{\"id\":\"t\"}"))) {
                assertEquals("t", server.client(clock).templates().create(TemplateRequest.of("n")).id());
            }
        }
        for (var script : List.of(fail(502), fail(504), WireServer.cut(""))) {
            try (var server = new WireServer(script, WireServer.answer(201, "{\"id\":\"t\"}"))) {
                assertThrows(ParleyException.class, () -> server.client(clock).templates().create(TemplateRequest.of("n")));
                assertEquals(1, server.requests().size());
            }
        }
    }

    @Test
    void streams_are_never_asked_for_twice() throws Exception {
        for (var script : List.of(fail(429, "Retry-After: 0"), fail(503), WireServer.cut(""))) {
            try (var server = new WireServer(script, WireServer.stream())) {
                assertThrows(ParleyException.class, () -> server.client(clock).roundtable().stream(REQUEST));
                assertEquals(1, server.requests().size());
            }
        }
    }

    @Test
    void waits_double_up_to_eight_seconds_with_full_jitter() {
        var failure = new ConnectionException("broken", null);
        var left = Duration.ofHours(1);
        assertEquals(List.of(500L, 1000L, 2000L, 4000L, 8000L, 8000L, 8000L), IntStream.range(0, 7)
                .mapToObj(retry -> RetryRule.USUAL.pauseBefore(retry, failure, 1.0, left).toMillis()).toList());
        assertEquals(Duration.ZERO, RetryRule.USUAL.pauseBefore(3, failure, 0.0, left));
    }

    @Test
    void a_call_that_is_too_slow_times_out_and_the_server_sees_it() throws Exception {
        try (var server = new WireServer()) {
            server.play(server.silence());
            var calls = server.client().with(CallOptions.DEFAULT.timeout(Duration.ofMillis(300)));
            var failure = assertThrows(ConnectionException.class, () -> calls.roundtable().create(REQUEST));
            assertInstanceOf(CallTimeoutException.class, failure);
            server.clientLeft.await();
            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void the_timeout_covers_the_body_of_a_plain_call_and_the_head_of_a_stream() throws Exception {
        try (var server = new WireServer()) {
            server.play(server.hanging("{\"id\":"));
            var calls = server.client().with(CallOptions.DEFAULT.timeout(Duration.ofMillis(300)));
            assertThrows(CallTimeoutException.class, () -> calls.roundtable().create(REQUEST));
            server.clientLeft.await();
        }
        try (var server = new WireServer()) {
            server.play(server.silence());
            var calls = server.client().with(CallOptions.DEFAULT.timeout(Duration.ofMillis(300)));
            assertThrows(CallTimeoutException.class, () -> calls.roundtable().stream(REQUEST));
            server.clientLeft.await();
        }
    }

    @Test
    void nobody_listening_is_a_connection_error_that_names_the_server() {
        var client = Parley.create("http://127.0.0.1:1", null).with(CallOptions.DEFAULT.maxRetries(0));
        var failure = assertThrows(ConnectionException.class, () -> client.models().list());
        assertEquals("No whole answer to GET /v1/models from http://127.0.0.1:1: ConnectException", failure.getMessage());
    }

    private static WireServer.Script fail(int status, String... headers) {
        return WireServer.answer(status, "{\"error\":{\"code\":\"c\",\"message\":\"m\"},\"request_id\":\"req_1\"}", headers);
    }
}
