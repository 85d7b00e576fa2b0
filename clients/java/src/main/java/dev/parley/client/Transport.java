package dev.parley.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;

/** Sends calls: each within its timeout, plain ones again where that may help. A stream may be silent for so long. */
record Transport(HttpClient http, URI url, String apiKey, CallOptions options, Duration silence, Clock clock) {
    Transport with(CallOptions other) { return new Transport(http, url, apiKey, other.or(options), silence, clock); }

    Transport with(HttpClient other) { return new Transport(other, url, apiKey, options, silence, clock); }

    @Override
    public String toString() { return "url=" + url + ", apiKey=" + (apiKey == null ? "none" : "set"); }

    /** Makes a plain call and reads its answer as {@code type}. */
    <T> T call(Call call, Class<T> type) {
        try {
            var answer = Json.WIRE.readValue(run(call), type);
            if (answer != null) {
                return answer;
            }
            throw new ConnectionException("The answer to " + call + " is null.", null);
        } catch (JacksonException noAnswer) {
            var message = "The answer to " + call + " is not the JSON of Parley's answers; is this another server?";
            throw new ConnectionException(message, noAnswer);
        }
    }

    /** Makes a plain call and returns the bytes of its answer. */
    byte[] run(Call call) {
        var request = request(call, "application/json");
        var deadline = deadline();
        for (var retry = 0; ; retry++) {
            try {
                return wholeBody(call, head(call, request, deadline), deadline);
            } catch (ApiException | ConnectionException failure) {
                var pause = call.retryRule().pauseBefore(retry, failure, clock.random(), left(deadline));
                if (retry >= options.maxRetries() || pause == null) {
                    throw failure;
                }
                sleep(pause);
            }
        }
    }

    /** Makes a call whose answer is a stream, which the caller closes. */
    BodyReader open(Call call) { return head(call, request(call, "text/event-stream"), deadline()); }

    private HttpRequest request(Call call, String accept) {
        var body = call.body() == null ? null : BodyPublishers.ofByteArray(Json.WIRE.writeValueAsBytes(call.body()));
        var request = HttpRequest.newBuilder(URI.create(url + call.path()))
                .version(HttpClient.Version.HTTP_1_1)
                .method(call.method(), body == null ? BodyPublishers.noBody() : body)
                .header("User-Agent", "parley-java/" + Parley.VERSION)
                .header("Accept", accept);
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        if (apiKey != null) {
            request.header("Authorization", "Bearer " + apiKey);
        }
        if (options.idempotencyKey() != null || call.hasKey()) {
            var key = options.idempotencyKey();
            request.header("Idempotency-Key", key == null ? UUID.randomUUID().toString() : key);
        }
        return request.build();
    }

    /** Returns the body as soon as the head is there. Throws ApiException for any status but success. */
    private BodyReader head(Call call, HttpRequest request, long deadline) {
        var exchange = http.sendAsync(request, head -> new BodyReader());
        try {
            var response = exchange.get(left(deadline).toNanos(), TimeUnit.NANOSECONDS);
            if (response.statusCode() / 100 == 2) {
                return response.body();
            }
            var body = wholeBody(call, response.body(), deadline);
            throw ApiException.of(response.statusCode(), response.headers(), body, clock.now());
        } catch (ExecutionException failed) {
            throw broken(call, failed.getCause());
        } catch (TimeoutException late) {
            giveUp(exchange);
            throw timedOut(call);
        } catch (InterruptedException interrupted) {
            giveUp(exchange);
            throw CancelledException.interrupted(interrupted);
        }
    }

    private static void giveUp(CompletableFuture<HttpResponse<BodyReader>> exchange) {
        var hasJustCome = !exchange.cancel(true);
        if (hasJustCome) {
            exchange.thenAccept(response -> response.body().close());
        }
    }

    private byte[] wholeBody(Call call, BodyReader body, long deadline) {
        var bytes = new ByteArrayOutputStream();
        try (body) {
            for (var piece = body.next(left(deadline)); piece != null; piece = body.next(left(deadline))) {
                bytes.writeBytes(piece);
            }
            return bytes.toByteArray();
        } catch (IOException failed) {
            throw broken(call, failed);
        } catch (TimeoutException late) {
            throw timedOut(call);
        } catch (InterruptedException interrupted) {
            throw CancelledException.interrupted(interrupted);
        }
    }

    private void sleep(Duration pause) {
        try {
            clock.sleep(pause);
        } catch (InterruptedException interrupted) {
            throw CancelledException.interrupted(interrupted);
        }
    }

    private long deadline() { return clock.nanoTime() + options.timeout().toNanos(); }

    private Duration left(long deadline) { return Duration.ofNanos(Math.max(0, deadline - clock.nanoTime())); }

    private ConnectionException broken(Call call, Throwable cause) {
        var reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new ConnectionException("No whole answer to " + call + " from " + url + ": " + reason, cause);
    }

    private CallTimeoutException timedOut(Call call) {
        var timeoutMs = options.timeout().toMillis();
        return new CallTimeoutException("No whole answer to " + call + " in " + timeoutMs + " ms; allow more.");
    }
}
