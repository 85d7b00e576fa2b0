import type { Clock } from "./clock.js";

/** The end of one call, whichever comes first: the caller's own signal, a timer that is armed, or `end`. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #follow = () => this.end(this.caller?.reason);
  #cancel = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly caller: AbortSignal | undefined,
  ) {
    if (caller?.aborted) this.#follow();
    else caller?.addEventListener("abort", this.#follow, { once: true });
  }

  /** Aborted when the call is to end; its reason is the error to raise. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Let the call end with `error` after `ms`, instead of what was armed before. */
  arm(ms: number, error: () => Error): void {
    this.disarm();
    this.#cancel = this.clock.after(ms, () => this.end(error()));
  }

  disarm(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  /** Wait for `ms`. Rejects with the signal's reason if the call ends meanwhile. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(ms, resolve);
      this.signal.addEventListener("abort", () => {
        cancel();
        reject(this.signal.reason);
      });
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
