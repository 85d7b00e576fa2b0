import { checkIdempotencyKey, VERSION } from "./configuration.js";
import type { Configuration, CreateOptions, StreamOptions } from "./configuration.js";
import { Connection } from "./connection.js";
import { Deadline, type Clock } from "./deadline.js";
import { TimeoutError } from "./errors.js";
import { lost, readError, readJson } from "./reply.js";
import { retryDelayMs } from "./retry.js";

/**
 * A request of the API. An idempotent one carries a key that keeps it from being done, and paid, twice; a delicate one is
 * repeated only where the server said that it had done nothing; the answer of one that is a list is an array.
 */
export interface Call extends Partial<Record<"isIdempotent" | "isDelicate" | "isList", boolean>> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: object;
  readonly body?: object;
}

type Send = (deadline: Deadline) => Promise<Response>;

/** Sends calls: plain ones with retries, streams once. Knows HTTP, and no contract. */
export class Transport {
  constructor(
    private readonly configuration: Configuration,
    private readonly clock: Clock,
  ) {}

  /** Make a plain call and return its answer, undefined where the server has none to give (204). */
  async request<T>(call: Call, options: CreateOptions = {}): Promise<T> {
    const { timeoutMs, maxRetries } = this.configuration.limits(options);
    const send = this.#sender(call, { Accept: "application/json", ...idempotency(call, options) });
    const endsAt = this.clock.now() + timeoutMs;
    const deadline = new Deadline(this.clock, options.signal);
    deadline.arm(timeoutMs, () => new TimeoutError(`No whole answer came within ${timeoutMs} ms, retries included.`));
    try {
      for (let retry = 1; ; retry++) {
        try {
          return (await readJson(await send(deadline), deadline, call.isList)) as T;
        } catch (error) {
          const delayMs = retry > maxRetries ? null : retryDelayMs(error, retry, this.clock.random(), call.isDelicate);
          if (delayMs === null || delayMs >= endsAt - this.clock.now()) throw error;
          await deadline.sleep(delayMs);
        }
      }
    } finally {
      deadline.release();
    }
  }

  /** Prepare a call that is answered by a stream; it is sent when its bytes are first asked for, and only once. */
  stream(call: Call, options: StreamOptions = {}): Connection {
    const { timeoutMs } = this.configuration.limits(options);
    const send = this.#sender(call, { Accept: "text/event-stream" });
    return new Connection(send, new Deadline(this.clock, options.signal), timeoutMs);
  }

  /** Return what sends `call` and raises what is no success. The body is written once, for all attempts. */
  #sender({ method, path, query, body }: Call, accepts: Record<string, string>): Send {
    const { url, fetch } = this.configuration;
    const headers = new Headers({ ...accepts, ...this.configuration.authorization() });
    headers.set("User-Agent", `parley-typescript/${VERSION}`);
    if (body) headers.set("Content-Type", "application/json");
    // A key must not travel to where a redirect points.
    const init: RequestInit = { method, headers, redirect: "manual", ...(body && { body: JSON.stringify(body) }) };
    return async (deadline) => {
      const sent = fetch(`${url}${path}${search(query)}`, { ...init, signal: deadline.signal });
      const response = await sent.catch((cause: unknown) => {
        throw lost(cause, deadline, `No answer came from ${url}`);
      });
      if (!response.ok) throw await readError(response, deadline, this.clock.now());
      return response;
    };
  }
}

function idempotency(call: Call, { idempotencyKey }: CreateOptions): Record<string, string> {
  if (!call.isIdempotent) return {};
  return { "Idempotency-Key": idempotencyKey === undefined ? randomUuid() : checkIdempotencyKey(idempotencyKey) };
}

/** Return a random UUID of version 4. Source: RFC 9562, section 5.4. */
function randomUuid(): string {
  // Browsers have `randomUUID` on secure pages alone, and Node 18 no `crypto`. Nobody must guess it: any chance will do.
  const byte = () => globalThis.crypto?.getRandomValues(new Uint8Array(1))[0] ?? Math.floor(Math.random() * 256);
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => (byte() & 15).toString(16));
}

function search(query: object = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

/** Return `id` as a part of a path. Slashes stay: the ids of models hold some. */
export function inPath(id: string): string {
  const parts = id.split("/");
  if (!parts.some((part) => /^\.{0,2}$/.test(part))) return parts.map(encodeURIComponent).join("/");
  throw new TypeError(`The id is ${JSON.stringify(id)}; no part of it may be empty, "." or "..".`);
}
