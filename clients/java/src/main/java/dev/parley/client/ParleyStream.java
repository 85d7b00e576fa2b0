package dev.parley.client;

import java.io.IOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.StreamSupport;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * An answer as it comes, to be read once and by one thread: {@code try (var stream = …) { for (var event : stream) … }}.
 *
 * <p>The connection is closed at the end, on any exception, and by {@link #close}, which any thread may call; the server
 * then stops its calls to the models. Leaving a loop early does not close it: that is what {@code try} is for.
 *
 * <p>Reading throws {@link StreamException} where the server ends the stream with an error, {@link ConnectionException} where
 * it breaks off or says nothing for 60 s, and {@link CancelledException} where the thread is interrupted or the stream was closed.
 *
 * @param <E> the events
 * @param <R> the whole result
 */
public abstract sealed class ParleyStream<E, R> implements Iterable<E>, Iterator<E>, AutoCloseable
        permits RoundtableStream, CompareStream, ChatStream {
    private final Transport.Body body;
    private final SseDecoder decoder = new SseDecoder();
    private E next;
    private boolean isAtEnd;
    private boolean isDone;
    private ParleyException failure;

    ParleyStream(Transport.Body body) { this.body = body; }

    /** Returns the event in {@code json}, kept for the whole result; null for a kind that is not known. */
    abstract E read(JsonNode json);

    /** Returns the name that an event has in its JSON, or null. */
    abstract String nameOf(JsonNode json);

    abstract TextDelta textOf(E event);

    /** Returns what was collected, or null where the event that completes it did not come. */
    abstract R result();

    @Override
    public final boolean hasNext() {
        if (failure != null) {
            throw failure;
        }
        try {
            while (next == null && !isDone) {
                next = advance();
            }
            return next != null;
        } catch (ParleyException failed) {
            failure = failed;
            throw failed;
        } finally {
            if (isDone || failure != null) {
                close();
            }
        }
    }

    @Override
    public final E next() {
        if (!hasNext()) {
            throw new NoSuchElementException("The stream has ended; finalResult() has what came.");
        }
        var event = next;
        next = null;
        return event;
    }

    /** Returns this stream itself: it can be read once. */
    @Override
    public final Iterator<E> iterator() { return this; }

    /** Returns only the text that comes, of all models interleaved as it comes; it reads this same stream. */
    public final Iterable<TextDelta> textDeltas() {
        return () -> StreamSupport.stream(spliterator(), false)
                .map(this::textOf)
                .filter(Objects::nonNull)
                .iterator();
    }

    /**
     * Reads to the end and returns the whole result, as the plain call would have; after a loop, what the loop has seen of it.
     * (It can't be called {@code final}, as in the other languages: that word is Java's own.)
     */
    public final R finalResult() {
        while (hasNext()) {
            next();
        }
        var result = result();
        if (result == null) {
            throw new ConnectionException("The stream ended without the event that completes it.", null);
        }
        return result;
    }

    @Override
    public final void close() { body.reader().close(); }

    private E advance() {
        var frame = nextFrame();
        if (frame.data().equals("[DONE]")) {
            isDone = true;
            return null;
        }
        try {
            var json = Json.WIRE.readTree(frame.data());
            var name = nameOf(json) == null ? frame.name() : nameOf(json);
            if ("error".equals(name) || name == null && Json.present(json.path("error")) != null) {
                throw failureIn(json);
            }
            return read(json);
        } catch (JacksonException unreadable) {
            throw new ConnectionException("An event of the stream is not the JSON that Parley sends.", unreadable);
        }
    }

    private SseDecoder.Frame nextFrame() {
        try {
            for (var frame = decoder.poll(); ; frame = decoder.poll()) {
                if (frame != null && !body.reader().isClosed()) {
                    return frame;
                }
                if (isAtEnd) {
                    throw new ConnectionException("The stream broke off before its end.", null);
                }
                var bytes = body.reader().next(body.silence());
                isAtEnd = bytes == null;
                if (isAtEnd) {
                    decoder.end();
                } else {
                    decoder.feed(bytes);
                }
            }
        } catch (IOException broken) {
            throw new ConnectionException("The stream broke off before its end: " + broken.getMessage(), broken);
        } catch (TimeoutException silent) {
            throw new ConnectionException("The stream kept silent for " + body.silence().toSeconds() + " s.", silent);
        } catch (InterruptedException interrupted) {
            throw CancelledException.interrupted(interrupted);
        }
    }

    /** Reads {@code error} as an object, or as the sentence beside its {@code error_code}. */
    private static StreamException failureIn(JsonNode json) {
        var error = json.path("error");
        var isObject = error.isObject();
        var code = isObject ? Json.text(error, "code") : Json.text(json, "error_code");
        var message = isObject ? Json.text(error, "message") : error.stringValue(null);
        var details = Json.present((isObject && error.has("details") ? error : json).path("details"));
        return new StreamException(code, message == null ? "The server ended the stream with an error." : message, details);
    }
}
