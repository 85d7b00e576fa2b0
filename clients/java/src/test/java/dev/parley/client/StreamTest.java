package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StreamTest {
    private static final RoundtableRequest REQUEST = RoundtableRequest.of("?", "a", "b");
    private static final String START = "data: {\"type\":\"start\",\"id\":\"rt_1\",\"models\":[\"a\",\"b\"]}\n\n";
    private static final String DELTA = "data: {\"type\":\"model_delta\",\"model_index\":0,\"model\":\"a\",\"delta\":\"é\"}\n\n";
    private static final String DONE =
            "data: {\"type\":\"done\",\"id\":\"rt_1\",\"data\":\"é\",\"meta\":{\"total_cost\":0.1},\"model_results\":[]}\n\n";
    private static final String END = "data: [DONE]\n\n";

    @Test
    void events_come_before_the_stream_has_ended() throws Exception {
        try (var server = new WireServer()) {
            hang(server, START + DELTA);
            try (var stream = server.client().roundtable().stream(REQUEST)) {
                assertInstanceOf(RoundtableEvent.Start.class, stream.next());
                var delta = assertInstanceOf(RoundtableEvent.ModelDelta.class, stream.next());
                assertEquals("é", delta.delta());
            }
            assertLeft(server);
        }
    }

    @Test
    void the_server_sees_a_stream_closed_that_was_never_read() throws Exception {
        try (var server = new WireServer()) {
            hang(server, START);
            server.client().roundtable().stream(REQUEST).close();
            assertLeft(server);
        }
    }

    @Test
    void the_server_sees_a_loop_left_by_an_exception() throws Exception {
        try (var server = new WireServer()) {
            hang(server, START);
            assertThrows(IllegalStateException.class, () -> {
                try (var stream = server.client().roundtable().stream(REQUEST)) {
                    for (var event : stream) {
                        throw new IllegalStateException(event.toString());
                    }
                }
            });
            assertLeft(server);
        }
    }

    @Test
    void an_interrupted_reader_is_cancelled_and_stays_interrupted() throws Exception {
        try (var server = new WireServer()) {
            hang(server, START);
            var isInterrupted = new CompletableFuture<Boolean>();
            var waiting = new CountDownLatch(1);
            var reader = new Thread(() -> {
                try (var stream = server.client().roundtable().stream(REQUEST)) {
                    stream.next();
                    waiting.countDown();
                    assertThrows(CancelledException.class, stream::hasNext);
                    isInterrupted.complete(Thread.currentThread().isInterrupted());
                } catch (Throwable failed) {
                    isInterrupted.completeExceptionally(failed);
                }
            });
            reader.start();
            waiting.await();
            reader.interrupt();
            assertTrue(isInterrupted.get());
            assertLeft(server);
        }
    }

    @Test
    void a_stream_closed_by_another_thread_cancels_its_reader() throws Exception {
        try (var server = new WireServer()) {
            hang(server, START);
            var stream = server.client().roundtable().stream(REQUEST);
            stream.next();
            CompletableFuture.runAsync(stream::close);
            assertThrows(CancelledException.class, stream::finalResult);
            assertLeft(server);
        }
    }

    @Test
    void a_plain_call_that_is_interrupted_is_cancelled_and_the_server_sees_it() throws Exception {
        try (var server = new WireServer()) {
            server.play(server.silence());
            var kind = new CompletableFuture<Throwable>();
            var caller = new Thread(() -> {
                kind.complete(assertThrows(Throwable.class, () -> server.client().roundtable().create(REQUEST)));
            });
            caller.start();
            server.awaitRequest();
            caller.interrupt();
            assertInstanceOf(CancelledException.class, kind.get());
            assertLeft(server);
        }
    }

    @Test
    void after_done_there_is_nothing_more_and_the_final_stays() throws Exception {
        try (var server = new WireServer(WireServer.stream(bytes(START + DONE + END + DELTA)))) {
            var stream = server.client().roundtable().stream(REQUEST);
            stream.forEach(event -> {});
            assertFalse(stream.hasNext());
            assertThrows(NoSuchElementException.class, stream::next);
            assertEquals("é", stream.finalResult().data().stringValue());
            assertSame(stream.finalResult(), stream.finalResult());
        }
    }

    @Test
    void the_final_goes_on_where_a_loop_was_left() throws Exception {
        try (var server = new WireServer(WireServer.stream(bytes(START), bytes(DELTA + DONE), bytes(END)));
                var stream = server.client().roundtable().stream(REQUEST)) {
            for (var event : stream) {
                assertInstanceOf(RoundtableEvent.Start.class, event);
                break;
            }
            assertEquals("0.1", stream.finalResult().meta().totalCost().toString());
        }
    }

    @Test
    void kinds_of_events_that_are_not_known_are_passed_over() throws Exception {
        var unknown = "data: {\"type\":\"model_thought\",\"text\":\"hm\"}\n\ndata: {\"other\":1}\n\ndata: {\"type\":7}\n\n";
        try (var server = new WireServer(WireServer.stream(bytes(START + unknown + DONE + END)));
                var stream = server.client().roundtable().stream(REQUEST)) {
            var kinds = new ArrayList<Class<?>>();
            stream.forEach(event -> kinds.add(event.getClass()));
            assertEquals(List.of(RoundtableEvent.Start.class, RoundtableEvent.Done.class), kinds);
        }
    }

    @Test
    void a_stream_that_ends_before_done_is_a_broken_connection_wherever_it_is_cut() throws Exception {
        var whole = bytes(START + DELTA + DONE + "data: [DONE]");
        for (var length : new int[] {0, 1, 5, START.length(), START.length() + 30, whole.length - 3}) {
            try (var server = new WireServer(WireServer.stream(Arrays.copyOf(whole, length)));
                    var stream = server.client().roundtable().stream(REQUEST)) {
                var failure = assertThrows(ConnectionException.class, () -> stream.forEach(event -> {}), "cut at " + length);
                assertSame(failure, assertThrows(ConnectionException.class, stream::finalResult));
            }
        }
    }

    @Test
    void a_dropped_connection_is_a_connection_error_and_what_came_before_is_seen() throws Exception {
        var head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        var chunk = Integer.toHexString(START.length()) + "\r\n" + START + "\r\n";
        try (var server = new WireServer(WireServer.cut(head + chunk));
                var stream = server.client().roundtable().stream(REQUEST)) {
            assertInstanceOf(RoundtableEvent.Start.class, stream.next());
            var failure = assertThrows(ConnectionException.class, stream::next);
            assertTrue(failure.getMessage().startsWith("The stream broke off before its end"), failure.getMessage());
            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void a_stream_that_keeps_silent_counts_as_cut() throws Exception {
        try (var server = new WireServer()) {
            hang(server, START);
            var client = server.client(new Clock() {}, Duration.ofMillis(50));
            try (var stream = client.roundtable().stream(REQUEST)) {
                stream.next();
                assertTrue(assertThrows(ConnectionException.class, stream::next).getMessage().contains("silent"));
            }
            assertLeft(server);
        }
    }

    @Test
    void an_error_event_ends_the_stream_with_its_code_and_details() throws Exception {
        var error = "data: {\"type\":\"error\",\"error\":\"No model answered.\",\"error_code\":\"all_models_failed\","
                + "\"details\":[{\"index\":0,\"error_code\":\"timeout\"}]}\n\n";
        try (var server = new WireServer(WireServer.stream(bytes(START + error + END)));
                var stream = server.client().roundtable().stream(REQUEST)) {
            stream.next();
            var failure = assertThrows(StreamException.class, stream::next);
            assertEquals("all_models_failed", failure.code());
            assertEquals("No model answered.", failure.getMessage());
            assertEquals("timeout", failure.details().at("/0/error_code").stringValue());
            assertSame(failure, assertThrows(StreamException.class, stream::finalResult));
        }
    }

    @Test
    void the_error_of_one_model_is_data_and_an_error_object_is_not() throws Exception {
        var failed = "event: model_stream_done\ndata: {\"event\":\"model_stream_done\",\"model\":\"a\",\"error\":\"No.\"}\n\n";
        var fatal = "event: error\ndata: {\"error\":{\"code\":\"shutting_down\",\"message\":\"Bye.\"}}\n\n";
        try (var server = new WireServer(WireServer.stream(bytes(failed + fatal + END)));
                var stream = server.client().compare().stream(CompareRequest.of("?", "a"))) {
            var model = assertInstanceOf(CompareEvent.ModelStreamDone.class, stream.next());
            assertEquals("No.", model.result().error());
            var failure = assertThrows(StreamException.class, stream::next);
            assertEquals("shutting_down", failure.code());
            assertEquals("Bye.", failure.getMessage());
        }
    }

    @Test
    void a_chat_may_end_with_an_error_as_object_or_as_text() throws Exception {
        for (var error : new String[] {"{\"code\":\"timeout\",\"message\":\"Late.\"}", "\"Late.\""}) {
            try (var server = new WireServer(WireServer.stream(bytes("data: {\"error\":" + error + "}\n\n" + END)));
                    var stream = server.client().chat().completions().stream(ChatRequest.of("a"))) {
                assertEquals("Late.", assertThrows(StreamException.class, stream::next).getMessage());
            }
        }
    }

    @Test
    void a_chat_whose_chunks_lack_fields_still_has_a_final() throws Exception {
        var calls = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\"}]}},{}]}\n\n";
        var more = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n";
        try (var server = new WireServer(WireServer.stream(bytes("data: {}\n\n" + calls + more + END)));
                var stream = server.client().chat().completions().stream(ChatRequest.of("a"))) {
            var call = stream.finalResult().choices().get(0).message().toolCalls().get(0);
            assertEquals(new ChatCompletion.ToolCall(null, "c", null, new ChatCompletion.Function(null, "{}")), call);
        }
    }

    @Test
    void an_event_that_is_no_json_is_a_connection_error() throws Exception {
        for (var data : new String[] {"<html>", "{\"type\":\"start\"", "{\"type\":\"start\",\"models\":7}"}) {
            try (var server = new WireServer(WireServer.stream(bytes("data: " + data + "\n\n" + END)));
                    var stream = server.client().roundtable().stream(REQUEST)) {
                assertThrows(ConnectionException.class, stream::next, data);
            }
        }
    }

    @Test
    void a_stream_that_lacks_its_last_event_has_no_final() throws Exception {
        try (var server = new WireServer(WireServer.stream(bytes(START + END)));
                var stream = server.client().roundtable().stream(REQUEST)) {
            assertThrows(ConnectionException.class, stream::finalResult);
        }
    }

    private static void hang(WireServer server, String text) {
        server.play(server.hanging(text));
    }

    private static void assertLeft(WireServer server) throws InterruptedException {
        assertTrue(server.clientLeft.await(20, TimeUnit.SECONDS), "the server has not seen the client leave");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
