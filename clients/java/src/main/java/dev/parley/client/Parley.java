package dev.parley.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;

/**
 * A client of one Parley server. It is safe for many threads and keeps its connections, so one is enough for a program;
 * it need not be closed, and none of its threads keeps a program alive.
 */
public final class Parley {
    /** This library's version. */
    public static final String VERSION = "0.1.0";

    private final Transport transport;

    Parley(Transport transport) { this.transport = transport; }

    /**
     * Returns a client of the server at {@code PARLEY_URL}, else at http://127.0.0.1:8080, with the key in
     * {@code PARLEY_API_KEY}, if there is one.
     */
    public static Parley create() { return of(System.getenv()); }

    /**
     * Returns a client that the environment has no say in. Throws IllegalArgumentException for what can't be a URL or
     * key.
     *
     * @param url the server's, without {@code /v1} or {@code /v3}
     * @param apiKey null for a server that needs none
     */
    public static Parley create(String url, String apiKey) {
        CallOptions.check(apiKey == null || apiKey.matches("[!-~]+"),
                "The API key is empty, or has a blank, a line break or a strange character in it; give the key alone.");
        var options = new CallOptions(Duration.ofSeconds(600), 2, null);
        var http = HttpClient.newHttpClient();
        return new Parley(new Transport(http, readUrl(url), apiKey, options, Duration.ofSeconds(60), new Clock() {}));
    }

    static Parley of(Map<String, String> environment) {
        var key = environment.getOrDefault("PARLEY_API_KEY", "");
        return create(environment.getOrDefault("PARLEY_URL", "http://127.0.0.1:8080"), key.isEmpty() ? null : key);
    }

    /** Returns a client over the same connections whose calls are made as {@code options} say. */
    public Parley with(CallOptions options) { return new Parley(transport.with(options)); }

    /** Returns a client with connections of its own, for a proxy or certificates of the caller's choice. */
    public Parley with(HttpClient http) { return new Parley(transport.with(http)); }

    /** Returns the calls of {@code /v3/roundtable}. */
    public RoundtableResource roundtable() { return new RoundtableResource(transport); }

    /** Returns the calls of {@code /v1/chat/compare}. */
    public CompareResource compare() { return new CompareResource(transport); }

    /** Returns the calls of {@code /v1/chat}. */
    public ChatResource chat() { return new ChatResource(transport); }

    /** Returns the calls of {@code /v1/models}. */
    public ModelsResource models() { return new ModelsResource(transport); }

    /** Returns the calls of {@code /v1/templates}. */
    public TemplatesResource templates() { return new TemplatesResource(transport); }

    /** Returns the calls of {@code /v1/usage} and {@code /v1/balance}. */
    public UsageResource usage() { return new UsageResource(transport); }

    /** Returns the calls of {@code /v3/traces}. */
    public TracesResource traces() { return new TracesResource(transport); }

    @Override
    public String toString() { return "Parley[" + transport + "]"; }

    /** The messages do not show the URL: it may hold a password. */
    private static URI readUrl(String text) {
        var name = "The server's URL (PARLEY_URL) ";
        try {
            var url = new URI(text.strip().replaceFirst("/+$", "")).parseServerAuthority();
            CallOptions.check(("" + url.getScheme()).matches("(?i)https?") && url.getHost() != null,
                    name + "lacks http:// or a host.");
            CallOptions.check(!url.toString().matches(".*[?#@].*"),
                    name + "must end with its path, without @, ? and #.");
            CallOptions.check(!url.getPath().matches(".*/v[13]"),
                    name + "must not end in /v1 or /v3: the calls add them.");
            return url;
        } catch (URISyntaxException malformed) {
            throw new IllegalArgumentException(name + "must be an address such as http://127.0.0.1:8080.");
        }
    }
}
