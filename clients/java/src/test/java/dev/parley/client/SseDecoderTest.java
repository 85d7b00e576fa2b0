package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SseDecoderTest {
    static Stream<Golden> streams() {
        return Golden.streams();
    }

    @ParameterizedTest
    @MethodSource("streams")
    void a_stream_split_at_any_byte_gives_the_same_events(Golden golden) {
        var whole = decode(golden.body());
        assertEquals(golden.events().size() + 1, whole.size());
        for (var at = 0; at <= golden.body().length; at++) {
            var head = Arrays.copyOfRange(golden.body(), 0, at);
            var tail = Arrays.copyOfRange(golden.body(), at, golden.body().length);
            assertEquals(whole, decode(head, tail), "split at " + at);
        }
    }

    @ParameterizedTest
    @MethodSource("streams")
    void a_stream_that_comes_byte_by_byte_with_other_line_ends_gives_the_same_events(Golden golden) {
        var whole = decode(golden.body());
        for (var lineEnd : List.of("\n", "\r\n")) {
            var bytes = golden.text().replace("\n", lineEnd).getBytes(StandardCharsets.UTF_8);
            var pieces = new byte[bytes.length][];
            for (var i = 0; i < bytes.length; i++) {
                pieces[i] = new byte[] {bytes[i]};
            }
            assertEquals(whole, decode(pieces));
        }
    }

    @Test
    void comments_and_unknown_fields_are_passed_over() {
        assertEquals(List.of(frame(null, "a"), frame("named", "b")), decode(
                ": keep-alive\n\n:\n\nid: 7\nretry: 10\nnonsense\ndatabase: x\ndata: a\n\n: more\nevent: named\ndata: b\n\n"));
    }

    @Test
    void data_in_several_lines_is_joined_and_only_one_blank_is_taken_off() {
        assertEquals(List.of(frame(null, "{\n \"a\": 1}\n")), decode("data: {\ndata:  \"a\": 1}\ndata:\n\n"));
    }

    @Test
    void an_event_without_data_is_none_and_its_name_is_forgotten() {
        assertEquals(List.of(frame(null, "x")), decode("event: lonely\n\ndata:x\n\n"));
    }

    @Test
    void the_last_event_counts_without_its_blank_line() {
        assertEquals(List.of(frame(null, "a"), frame(null, "[DONE]")), decode("data: a\n\ndata: [DONE]"));
        assertEquals(List.of(frame(null, "a"), frame(null, "[DONE]")), decode("data: a\n\ndata: [DONE]\n"));
    }

    @Test
    void a_byte_order_mark_is_no_part_of_the_first_line() {
        assertEquals(List.of(frame(null, "a")), decode("\uFEFFdata: a\n\n"));
    }

    @Test
    void an_empty_body_has_no_events() {
        assertEquals(List.of(), decode(""));
    }

    private static SseDecoder.Frame frame(String name, String data) {
        return new SseDecoder.Frame(name, data);
    }

    private static List<SseDecoder.Frame> decode(String text) {
        return decode(text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<SseDecoder.Frame> decode(byte[]... pieces) {
        var decoder = new SseDecoder();
        for (var piece : pieces) {
            decoder.feed(piece);
        }
        decoder.end();
        var frames = new ArrayList<SseDecoder.Frame>();
        for (var frame = decoder.poll(); frame != null; frame = decoder.poll()) {
            frames.add(frame);
        }
        return frames;
    }
}
