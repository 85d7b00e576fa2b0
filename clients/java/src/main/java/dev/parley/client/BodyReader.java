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
 * The body of an answer, piece by piece, each with a time limit. One piece is asked for at a time, so that a slow
 * reader slows the server down. Closing it before its end drops the connection. One thread reads; any thread may close.
 */
final class BodyReader implements HttpResponse.BodySubscriber<BodyReader>, AutoCloseable {
    /** What came: bytes, or without them the end, with the reason if it is too early. */
    private record Piece(byte[] bytes, Throwable failure) {}

    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private Flow.Subscription subscription;
    private volatile boolean isClosed;

    /** Returns the next bytes, or null at the end of the body. Whoever waits here while it is closed is cancelled. */
    byte[] next(Duration patience) throws IOException, InterruptedException, TimeoutException {
        var piece = isClosed ? null : pieces.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        if (isClosed) {
            throw new CancelledException("The answer was closed before its end.", null);
        }
        if (piece == null) {
            throw new TimeoutException();
        }
        if (piece.failure != null) {
            throw new IOException(piece.failure.getMessage(), piece.failure);
        }
        if (piece.bytes != null) {
            subscription.request(1);
        }
        return piece.bytes;
    }

    boolean isClosed() { return isClosed; }

    @Override
    public synchronized void close() {
        isClosed = true;
        if (subscription != null) {
            subscription.cancel();
        }
        onComplete();
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
        pieces.add(new Piece(bytes.array(), null));
    }

    @Override
    public void onError(Throwable failure) { pieces.add(new Piece(null, failure)); }

    @Override
    public void onComplete() { pieces.add(new Piece(null, null)); }
}
