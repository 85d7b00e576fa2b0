package dev.parley.client;

import java.util.List;

/** How full the limits of the calling key are; no windows for a key without limits. */
public record RateLimits(String keyId, List<Window> windows) {
    /**
     * {@code name}: {@code rpm} or {@code rpd}; {@code share}: used part of the limit; {@code resetSeconds}: until
     * there is room.
     */
    public record Window(
            String name, long windowSeconds, long limit, long used, long remaining, double share, long resetSeconds) {}
}
