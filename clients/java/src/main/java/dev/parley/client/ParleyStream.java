package dev.parley.client;

import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.StreamSupport;
import tools.jackson.core.JacksonException;

/**
 * An answer as it comes, to be read once and by one thread:
 * {@code try (var stream = …) { for (var event : stream) … }}.
 *
 * <p>The connection is closed at the end, on any exception, and by {@link #close}, which any thread may call; the
 * server then stops its calls to the models. Leaving a loop early does not close it: that is what {@code try} is for.
 *
 * <p>Reading throws {@link StreamException} where the server ends the stream with an error, {@link ConnectionException}
 * where it breaks off or keeps silent for 60 s, {@link CancelledException} where the thread is interrupted or the
 * stream is closed.
 *
 * @param <E> the events; kinds that are not known are passed over
 * @param <R> the whole result
 */
public abstract sealed class ParleyStream<E, R> implements Iterable<E>, Iterator<E>, AutoCloseable
        permits RoundtableStream, CompareStream, ChatStream {
    private final BodyReader body;
    private final Duration silence;
    private final Class<E> type;
    private final String nameField;
    private final SseDecoder decoder = new SseDecoder();
    private E next;
    private boolean isAtEnd;
    private boolean isDone;
    private ParleyException failure;

    /** {@code nameField}: where events have their name in their JSON. */
    ParleyStream(Transport transport, Call call, Class<E> type, String nameField) {
        body = transport.open(call);
        silence = transport.silence();
        this.type = type;
        this.nameField = nameField;
    }

    /** Keeps what an event has for the whole result. */
    abstract void collect(E event);

    /** Returns the text in an event, or null. */
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
                next = read(nextFrame());
            }
            return next != null;
        } catch (ParleyException failed) {
            failure = failed;
            throw failed;
        } finally {
            if (next == null) {
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
        return () -> StreamSupport.stream(spliterator(), false).map(this::textOf).filter(Objects::nonNull).iterator();
    }

    /**
     * Reads what is left and returns the whole result, as the plain call would have. (Other languages call it
     * {@code final}, a word that Java keeps for itself.)
     */
    public final R finalResult() {
        while (hasNext()) {
            next();
        }
        if (result() == null) {
            throw new ConnectionException("The stream ended without the event that completes it.", null);
        }
        return result();
    }

    @Override
    public final void close() { body.close(); }

    private E read(SseDecoder.Frame frame) {
        isDone = frame.data().equals("[DONE]");
        if (isDone) {
            return null;
        }
        try {
            var json = Json.WIRE.readTree(frame.data());
            var name = json.path(nameField).stringValue(frame.name());
            if ("error".equals(name) || name == null && json.hasNonNull("error")) {
                throw new StreamException(json);
            }
            var event = Json.WIRE.treeToValue(json, type);
            if (event != null) {
                collect(event);
            }
            return event;
        } catch (JacksonException unreadable) {
            throw new ConnectionException("An event of the stream is not the JSON that Parley sends.", unreadable);
        }
    }

    private SseDecoder.Frame nextFrame() {
        try {
            for (var frame = decoder.poll(); ; frame = decoder.poll()) {
                if (frame != null && !body.isClosed()) {
                    return frame;
                }
                if (isAtEnd) {
                    throw new ConnectionException("The stream broke off before its end.", null);
                }
                var bytes = body.next(silence);
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
            throw new ConnectionException("The stream kept silent for " + silence.toSeconds() + " s.", silent);
        } catch (InterruptedException interrupted) {
            throw CancelledException.interrupted(interrupted);
        }
    }
}
