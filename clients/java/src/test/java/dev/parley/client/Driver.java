package dev.parley.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** The program that the conformance suite drives: see clients/conformance/README.md. It translates and expects nothing. */
final class Driver {
    /** The type of {@code roundtable.parse}. */
    record Verdict(Choice verdict, double confidence) {
        enum Choice { yes, no }
    }

    /** {@code id} may be any JSON; {@code options} and {@code request} are empty where they are absent. */
    record Command(JsonNode id, String op, String url, String key, Map<String, Object> request, Options options) {
        Command {
            request = request == null ? Map.of() : request;
            options = options == null ? new Options(null, null, null, null, null, false, false) : options;
        }
    }

    record Options(
            Double timeoutS, Integer maxRetries, String idempotencyKey, Integer breakAfter, Double cancelAfterS,
            boolean noFinal, boolean texts) {}

    private final HttpClient http = HttpClient.newHttpClient();
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final ScheduledExecutorService alarms = Executors.newSingleThreadScheduledExecutor();
    private final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        new Driver().run();
    }

    private void run() throws IOException, InterruptedException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var line = in.readLine(); line != null; line = in.readLine()) {
            var command = Json.WIRE.readValue(line, Command.class);
            var task = workers.submit(() -> answer(command));
            if (command.options().cancelAfterS() != null) {
                var delayMs = (long) (command.options().cancelAfterS() * 1000);
                alarms.schedule(() -> task.cancel(true), delayMs, TimeUnit.MILLISECONDS);
            }
        }
        workers.shutdown();
        workers.awaitTermination(1, TimeUnit.HOURS);
        alarms.shutdownNow();
    }

    private void answer(Command command) {
        var seen = new ArrayList<Object>();
        var line = new LinkedHashMap<String, Object>();
        line.put("id", command.id());
        try {
            line.put("value", run(command, seen));
        } catch (RuntimeException failure) {
            line.put("error", describe(failure));
            line.put(command.options().texts() ? "texts" : "events", seen);
        }
        var text = Json.WIRE.writeValueAsString(line);
        synchronized (out) {
            out.println(text);
            out.flush();
        }
    }

    private Object run(Command command, List<Object> seen) {
        if (command.op().equals("from_environment")) {
            return Parley.create().models().list();
        }
        var client = Parley.create(command.url(), command.key()).with(http);
        var calls = client.with(options(command.options()));
        var request = command.request();
        return switch (command.op()) {
            case "describe" -> Map.of("text", client.toString());
            case "roundtable.create" -> calls.roundtable().create(new RoundtableRequest(request));
            case "roundtable.vote" -> calls.roundtable().vote(new RoundtableRequest(request));
            case "roundtable.parse" -> parsed(calls.roundtable().parse(new RoundtableRequest(request), Verdict.class));
            case "roundtable.stream" -> listen(calls.roundtable().stream(new RoundtableRequest(request)), command.options(), seen);
            case "compare.create" -> calls.compare().create(new CompareRequest(request));
            case "compare.stream" -> listen(calls.compare().stream(new CompareRequest(request)), command.options(), seen);
            case "chat.create" -> calls.chat().completions().create(new ChatRequest(request));
            case "chat.stream" -> listen(calls.chat().completions().stream(new ChatRequest(request)), command.options(), seen);
            default -> manage(calls, command.op(), request);
        };
    }

    private static Object manage(Parley client, String op, Map<String, Object> request) {
        var id = (String) request.get("id");
        var limit = (Integer) request.get("limit");
        var offset = (Integer) request.get("offset");
        switch (op) {
            case "models.list":
                var free = (Boolean) request.get("free");
                return client.models().list(free, (String) request.get("type"), (String) request.get("provider"));
            case "models.search":
                return client.models().search((String) request.get("q"), limit, offset);
            case "models.get":
                return client.models().get(id);
            case "templates.create":
                return client.templates().create(new TemplateRequest(request));
            case "templates.list":
                return client.templates().list();
            case "templates.get":
                return client.templates().get(id);
            case "templates.update":
                return client.templates().update(id, new TemplateRequest(fields(request.get("fields"))));
            case "templates.delete":
                client.templates().delete(id);
                return null;
            case "usage.totals":
                return client.usage().totals(new UsageFilter(request));
            case "usage.events":
                return client.usage().events(new UsageFilter(request));
            case "usage.attempts":
                return client.usage().attempts(id);
            case "usage.rate_limits":
                return client.usage().rateLimits();
            case "usage.balance":
                return client.usage().balance();
            case "traces.list":
                return client.traces().list((String) request.get("name"), limit, offset);
            case "traces.get":
                return client.traces().get(id);
            case "traces.delete":
                client.traces().delete(id);
                return null;
            default:
                throw new IllegalArgumentException("There is no operation " + op + ".");
        }
    }

    private static Object listen(ParleyStream<?, ?> stream, Options options, List<Object> seen) {
        try (stream) {
            for (Object event : options.texts() ? stream.textDeltas() : stream) {
                seen.add(Json.WIRE.valueToTree(event)); // A list would not tell of what kind its events are.
                if (options.breakAfter() != null && seen.size() >= options.breakAfter()) {
                    return listened(options, seen, null);
                }
            }
            return listened(options, seen, options.noFinal() ? null : stream.finalResult());
        }
    }

    private static Object listened(Options options, List<Object> seen, Object whole) {
        var value = new LinkedHashMap<String, Object>();
        value.put(options.texts() ? "texts" : "events", seen);
        value.put("final", whole);
        return value;
    }

    private static Object parsed(RoundtableResource.Parsed<Verdict> parsed) {
        return Map.of(
                "parsed", parsed.value(),
                "type", parsed.value().getClass().getSimpleName(),
                "schema", OutputSchema.of(Verdict.class),
                "raw", parsed.response());
    }

    private static CallOptions options(Options options) {
        var timeout = options.timeoutS() == null ? null : Duration.ofNanos((long) (options.timeoutS() * 1e9));
        return new CallOptions(timeout, options.maxRetries(), options.idempotencyKey());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> fields(Object object) {
        return (Map<String, Object>) object;
    }

    private static Map<String, Object> describe(RuntimeException failure) {
        var error = new LinkedHashMap<String, Object>();
        error.put("kind", kind(failure));
        error.put("message", failure.getMessage());
        if (failure instanceof ApiException api) {
            error.put("status", api.status());
            error.put("code", api.code());
            error.put("param", api.param());
            error.put("details", api.details());
            error.put("provider_error", api.providerError());
            error.put("retry_after", api.retryAfter() == null ? null : api.retryAfter().toMillis() / 1000.0);
            error.put("request_id", api.requestId());
        } else if (failure instanceof StreamException stream) {
            error.put("code", stream.code());
            error.put("details", stream.details());
        } else if (failure instanceof OutputException output) {
            error.put("raw", output.response());
        }
        return error;
    }

    private static String kind(RuntimeException failure) {
        if (failure instanceof ApiException) {
            return "api";
        } else if (failure instanceof CallTimeoutException) {
            return "timeout";
        } else if (failure instanceof ConnectionException) {
            return "connection";
        } else if (failure instanceof StreamException) {
            return "stream";
        } else if (failure instanceof OutputException) {
            return "output";
        } else if (failure instanceof CancelledException) {
            return "cancelled";
        }
        return failure.getClass().getSimpleName();
    }
}
