/** Time in milliseconds, and chance from [0, 1), so that tests need not wait for them. */
export interface Clock {
  now(): number;
  random(): number;
  /** Call `action` after `ms`, unless the function that comes back is called before. */
  after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

/** The end of one call, whichever comes first: the caller's own signal, a timer that is armed, or `end`. */
export class Deadline {
  readonly #controller = new AbortController();
  /** Aborted when the call is to end; its reason is the error to raise. */
  readonly signal = this.#controller.signal;
  readonly #follow = () => this.end(this.caller?.reason);
  #cancel = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly caller: AbortSignal | undefined,
  ) {
    if (caller?.aborted) this.#follow();
    else caller?.addEventListener("abort", this.#follow, { once: true });
  }

  /** Let the call end with `error` after `ms`, instead of what was armed before. */
  arm(ms: number, error: () => Error): void {
    this.disarm();
    this.#cancel = this.clock.after(ms, () => this.end(error()));
  }

  disarm(): void {
    this.#cancel();
  }

  /** Wait for `ms`. Rejects with the signal's reason if the call ends meanwhile. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(ms, resolve);
      this.signal.addEventListener("abort", () => (cancel(), reject(this.signal.reason)));
    });
  }

  end(reason: unknown): void {
    this.#controller.abort(reason);
    this.release();
  }

  /** Let go of the timer and of the caller's signal, which may live long. */
  release(): void {
    this.disarm();
    this.caller?.removeEventListener("abort", this.#follow);
  }
}
