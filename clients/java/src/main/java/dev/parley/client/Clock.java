package dev.parley.client;

import java.time.Duration;
import java.time.Instant;

/** Time and chance, so that tests need neither. */
interface Clock {
    default long nanoTime() { return System.nanoTime(); }

    default Instant now() { return Instant.now(); }

    default void sleep(Duration pause) throws InterruptedException { Thread.sleep(pause.toMillis()); }

    /** Returns a number from [0, 1). */
    default double random() { return Math.random(); }
}
