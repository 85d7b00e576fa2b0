package dev.parley.client;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The body of an answer, piece by piece, each with a time limit. One piece is asked for at a time, so that a slow reader
 * slows the server down. Closing it before its end drops the connection. One thread reads; any thread may close.
 */
final class BodyReader implements HttpResponse.BodySubscriber<BodyReader>, AutoCloseable {
    private sealed interface Arrival {}

    private record Piece(byte[] bytes) implements Arrival {}

    private record End(Throwable cause) implements Arrival {}

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private Flow.Subscription subscription;
    private boolean isClosed;

    /** Returns the next bytes, or null at the end of the body; whoever waits here while it is closed is cancelled. */
    byte[] next(Duration patience) throws IOException, InterruptedException, TimeoutException {
        var arrival = isClosed() ? null : arrivals.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        if (isClosed()) {
            throw new CancelledException("The answer was closed before its end.", null);
        }
        if (arrival == null) {
            throw new TimeoutException();
        }
        if (arrival instanceof Piece piece) {
            subscription.request(1);
            return piece.bytes();
        }
        arrivals.add(arrival);
        var cause = ((End) arrival).cause();
        if (cause != null) {
            throw new IOException(cause.getMessage(), cause);
        }
        return null;
    }

    synchronized boolean isClosed() { return isClosed; }

    @Override
    public synchronized void close() {
        isClosed = true;
        if (subscription != null) {
            subscription.cancel();
        }
        arrivals.add(new End(null));
    }

    @Override
    public CompletionStage<BodyReader> getBody() { return CompletableFuture.completedStage(this); }

    @Override
    public synchronized void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        if (isClosed) {
            subscription.cancel();
        } else {
            subscription.request(1);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        var bytes = ByteBuffer.allocate(buffers.stream().mapToInt(ByteBuffer::remaining).sum());
        buffers.forEach(bytes::put);
        arrivals.add(new Piece(bytes.array()));
    }

    @Override
    public void onError(Throwable cause) { arrivals.add(new End(cause)); }

    @Override
    public void onComplete() { arrivals.add(new End(null)); }
}
