package dev.parley.client;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Cuts bytes into server-sent events, wherever the reads split them. Comments and unknown fields are passed over.
 * Source: WHATWG HTML, section 9.2; other than there, an event that lacks its blank line counts when the body has ended.
 */
final class SseDecoder {
    /** One event: its name, null without, and its data lines joined by line feeds. */
    record Frame(String name, String data) {}

    private final Queue<Frame> frames = new ArrayDeque<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final StringBuilder data = new StringBuilder();
    private String name;
    private boolean hasData;
    private boolean endedInCr;
    private boolean isFirstLine = true;

    void feed(byte[] bytes) {
        for (var each : bytes) {
            if (each == '\n' || each == '\r') {
                if (each == '\r' || !endedInCr) {
                    endLine();
                }
            } else {
                line.write(each);
            }
            endedInCr = each == '\r';
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
        line.reset();
        if (isFirstLine && text.startsWith("\uFEFF")) {
            text = text.substring(1);
        }
        isFirstLine = false;
        if (text.isEmpty()) {
            endFrame();
            return;
        }
        var colon = text.indexOf(':');
        var field = colon < 0 ? text : text.substring(0, colon);
        var value = colon < 0 ? "" : text.substring(text.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
        if (field.equals("event")) {
            name = value;
        } else if (field.equals("data")) {
            data.append(hasData ? "\n" : "").append(value);
            hasData = true;
        }
    }

    private void endFrame() {
        if (hasData && !data.isEmpty()) {
            frames.add(new Frame(name, data.toString()));
        }
        name = null;
        hasData = false;
        data.setLength(0);
    }
}
