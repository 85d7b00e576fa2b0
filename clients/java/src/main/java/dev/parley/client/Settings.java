package dev.parley.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;

/** What a client was built with, checked. {@code apiKey} may be null; {@code silence} is the longest that a stream may keep. */
record Settings(URI url, String apiKey, CallOptions options, Duration silence) {
    Settings {
        if (apiKey != null && !apiKey.matches("[\\x21-\\x7e]+")) {
            throw new IllegalArgumentException(apiKey.isBlank()
                    ? "apiKey is empty; give the key, or null for a server that needs none."
                    : "apiKey has a blank, a line break or a character beyond ASCII in it; copy the key alone.");
        }
    }

    /** Returns these settings with what {@code other} says; what it leaves null stays. */
    Settings with(CallOptions other) {
        var merged = new CallOptions(
                other.timeout() == null ? options.timeout() : other.timeout(),
                other.maxRetries() == null ? options.maxRetries() : other.maxRetries(),
                other.idempotencyKey() == null ? options.idempotencyKey() : other.idempotencyKey());
        return new Settings(url, apiKey, merged, silence);
    }

    static URI readUrl(String text) {
        try {
            var url = new URI(text.strip().replaceFirst("/+$", ""));
            var isWeb = "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
            if (!isWeb || url.getHost() == null) {
                throw bad("it must be the server's address, such as http://127.0.0.1:8080");
            }
            if (url.getRawQuery() != null || url.getRawFragment() != null || url.getRawUserInfo() != null) {
                throw bad("it must end with the path: no user name, no ? and no #");
            }
            if (url.getRawPath().matches(".*/v[13]")) {
                throw bad("leave out /v1 or /v3: the calls add them");
            }
            return url;
        } catch (URISyntaxException malformed) {
            throw bad("it is no URL; it must be the server's address, such as http://127.0.0.1:8080");
        }
    }

    /** The URL itself is not shown: it may hold a password. */
    private static IllegalArgumentException bad(String remedy) {
        return new IllegalArgumentException("The URL of the server (url or PARLEY_URL) is wrong: " + remedy + ".");
    }

    @Override
    public String toString() { return "url=" + url + ", apiKey=" + (apiKey == null ? "none" : "set"); }
}
