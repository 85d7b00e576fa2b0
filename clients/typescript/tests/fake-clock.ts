import type { Clock } from "../dist/esm/deadline.js";

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** A clock that moves only when it is told to, or, while it `hurries`, at once to whatever is waited for. */
export class FakeClock implements Clock {
  readonly startMs = Date.UTC(2026, 10, 22);
  chance = 1;
  #nowMs = this.startMs;
  #timers = new Set<Timer>();

  /** Up to how long a wait is hurried through. */
  constructor(private readonly hurriesMs = 0) {}

  get elapsedMs(): number {
    return this.#nowMs - this.startMs;
  }

  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#nowMs + ms, action };
    this.#timers.add(timer);
    if (ms <= this.hurriesMs) queueMicrotask(() => this.advance(Math.max(0, timer.at - this.#nowMs)));
    return () => this.#timers.delete(timer);
  }

  /** Let `ms` pass. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers].sort((one, other) => one.at - other.at)) {
      if (timer.at <= this.#nowMs && this.#timers.delete(timer)) timer.action();
    }
  }
}
