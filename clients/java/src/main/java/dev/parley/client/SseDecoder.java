package dev.parley.client;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * Cuts bytes into server-sent events, wherever the reads split them; comments and unknown fields are passed over.
 * Source: WHATWG HTML, section 9.2; other than there, a last event without its blank line counts, and a carriage return
 * alone ends no line.
 */
final class SseDecoder {
    /** One event: its name, null without, and its data lines joined by line feeds. */
    record Frame(String name, String data) {}

    private final Queue<Frame> frames = new ArrayDeque<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final List<String> data = new ArrayList<>();
    private String name;

    void feed(byte[] bytes) {
        for (var each : bytes) {
            if (each == '\n') {
                endLine();
            } else {
                line.write(each);
            }
        }
    }

    /** Tells that the body has ended. */
    void end() {
        endLine();
        endFrame();
    }

    /** Returns the next complete event and forgets it, or null. */
    Frame poll() { return frames.poll(); }

    private void endLine() {
        var text = line.toString(StandardCharsets.UTF_8);
        text = text.substring(text.startsWith("\uFEFF") ? 1 : 0, text.length() - (text.endsWith("\r") ? 1 : 0));
        line.reset();
        if (text.isEmpty()) {
            endFrame();
        } else if (text.startsWith("data:")) {
            data.add(text.substring(text.startsWith(" ", 5) ? 6 : 5));
        } else if (text.startsWith("event:")) {
            name = text.substring(6).strip();
        }
    }

    private void endFrame() {
        var joined = String.join("\n", data);
        if (!joined.isEmpty()) {
            frames.add(new Frame(name, joined));
        }
        data.clear();
        name = null;
    }
}
