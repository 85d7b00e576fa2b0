import type { Clock } from "./clock.js";
import { checkIdempotencyKey } from "./configuration.js";
import type { Configuration, CreateOptions, StreamOptions } from "./configuration.js";
import { Connection } from "./connection.js";
import { Deadline } from "./deadline.js";
import { TimeoutError } from "./errors.js";
import { lost, readError, readJson } from "./reply.js";
import { retryDelayMs, type Repeat } from "./retry.js";
import { randomUuid } from "./uuid.js";
import { VERSION } from "./version.js";

/** A request of the API. */
export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: object;
  readonly body?: object;
  /** Whether a plain call carries a key that keeps it from being done, and paid, twice. */
  readonly isIdempotent?: boolean;
  /** Default: always. */
  readonly repeat?: Repeat;
  /** Whether the answer is an array, not an object. */
  readonly isList?: boolean;
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
    const delayMs = (error: unknown, retry: number): number | null => {
      if (retry > maxRetries) return null;
      const waitMs = retryDelayMs(error, call.repeat ?? "always", retry, this.clock.random());
      return waitMs !== null && waitMs < endsAt - this.clock.now() ? waitMs : null;
    };
    try {
      return (await persist(async () => readJson(await send(deadline), deadline, call.isList), delayMs, deadline)) as T;
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

type DelayMs = (error: unknown, retry: number) => number | null;

/** Make attempts until one succeeds or `delayMs` says of its error that it is to be raised. */
async function persist<T>(attempt: () => Promise<T>, delayMs: DelayMs, deadline: Deadline): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = delayMs(error, retry);
      if (waitMs === null) throw error;
      await deadline.sleep(waitMs);
    }
  }
}

function idempotency(call: Call, { idempotencyKey }: CreateOptions): Record<string, string> {
  if (!call.isIdempotent) return {};
  return { "Idempotency-Key": idempotencyKey === undefined ? randomUuid() : checkIdempotencyKey(idempotencyKey) };
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
