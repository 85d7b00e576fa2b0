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

    private Parley(Transport transport) { this.transport = transport; }

    /** Returns a client of the server at {@code PARLEY_URL} with the key in {@code PARLEY_API_KEY}. */
    public static Parley create() { return builder().build(); }

    /** Begins a client; what is not set comes from the environment. */
    public static Builder builder() { return new Builder(System.getenv(), new Clock() {}); }

    /** Returns a client over the same connections whose calls are made as {@code options} say. */
    public Parley with(CallOptions options) { return new Parley(transport.with(options)); }

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
    public String toString() {
        return "Parley[url=" + transport.url() + ", apiKey=" + (transport.apiKey() == null ? "none" : "set") + "]";
    }

    /** Sets how a client reaches its server. */
    public static final class Builder {
        private final Clock clock;
        private String url;
        private String apiKey;
        private CallOptions options = new CallOptions(Duration.ofSeconds(600), 2, null);
        private Duration silence = Duration.ofSeconds(60);
        private HttpClient http;

        Builder(Map<String, String> environment, Clock clock) {
            this.clock = clock;
            url = environment.getOrDefault("PARLEY_URL", "http://127.0.0.1:8080");
            var key = environment.getOrDefault("PARLEY_API_KEY", "");
            apiKey = key.isEmpty() ? null : key;
        }

        /** The server's address, without {@code /v1} or {@code /v3}. */
        public Builder url(String url) {
            this.url = url;
            return this;
        }

        /** The key, or null for a server that needs none, whatever the environment says. */
        public Builder apiKey(String apiKey) {
            this.apiKey = apiKey;
            return this;
        }

        /** How all calls are made; unless said with a timeout of 600 s and 2 retries. */
        public Builder options(CallOptions options) {
            this.options = options.or(this.options);
            return this;
        }

        /** The HTTP client to use, for a proxy or certificates of one's own. */
        public Builder httpClient(HttpClient http) {
            this.http = http;
            return this;
        }

        /** How long a stream may bring not a byte; the server sends a comment every 15 s. */
        Builder silence(Duration silence) {
            this.silence = silence;
            return this;
        }

        /** Returns the client. Throws IllegalArgumentException for a URL or key that can't be one. */
        public Parley build() {
            CallOptions.check(apiKey == null || !apiKey.isBlank(),
                    "The API key is empty; give a key, or null for a server that needs none.");
            CallOptions.check(apiKey == null || apiKey.matches("[!-~]+"),
                    "The API key has a blank, a line break or a character beyond ASCII in it; copy the key alone.");
            var client = http == null ? HttpClient.newHttpClient() : http;
            return new Parley(new Transport(client, readUrl(url), apiKey, options, silence, clock));
        }

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
}
