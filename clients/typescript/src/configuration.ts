import { ConfigurationError } from "./errors.js";

/** The version of this library, as its package.json has it. */
export const VERSION = "0.1.0";
const DEFAULT_URL = "http://127.0.0.1:8080";
// Timers of browsers and Node count in 32 bits and run at once beyond.
const MOST_TIMEOUT_MS = 2 ** 31 - 1;

/** What holds for one stream, instead of what holds for the client. */
export interface StreamOptions {
  /** Milliseconds of a whole plain call, its retries included; of a stream until its head. Default: 600,000. */
  timeoutMs?: number;
  /** Ends the call, which then rejects with this signal's reason; the server stops its upstream calls. */
  signal?: AbortSignal;
}

/** What holds for one plain call, instead of what holds for the client. */
export interface CallOptions extends StreamOptions {
  /** How often a call that failed in passing is repeated. Default: 2. */
  maxRetries?: number;
}

/** What holds for one plain call that asks models. */
export interface CreateOptions extends CallOptions {
  /** 1 to 255 printable ASCII characters: a later call with the same key and body gets the same answer, unpaid. */
  idempotencyKey?: string;
}

/** How to reach the server. What is left out is read from the environment, where there is one. */
export interface ParleyOptions extends Omit<CallOptions, "signal"> {
  /** The server's own URL, without `/v1` or `/v3`. Default: `PARLEY_URL`, else `http://127.0.0.1:8080`. */
  url?: string;
  /** The key; null for none. Default: `PARLEY_API_KEY`, else none, for a server with `auth = "open"`. */
  apiKey?: string | null;
  /** What to call instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** What the constructor was given, checked, with what it left out. Printing it does not show the key. */
export class Configuration {
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly fetch: typeof globalThis.fetch;
  readonly #apiKey: string | null;

  constructor(options: ParleyOptions) {
    this.url = checkUrl(options.url ?? fromEnvironment("PARLEY_URL") ?? DEFAULT_URL);
    this.#apiKey = checkKey(options.apiKey === undefined ? fromEnvironment("PARLEY_API_KEY") : options.apiKey);
    this.timeoutMs = checkTimeout(options.timeoutMs ?? 600_000);
    this.maxRetries = checkRetries(options.maxRetries ?? 2);
    // Looked up at each call, so that one that is put in its place later is used; and without a `this`, as browsers want.
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Return the header that carries the key, or none. */
  authorization(): Record<string, string> {
    return this.#apiKey === null ? {} : { Authorization: `Bearer ${this.#apiKey}` };
  }

  limits({ timeoutMs, maxRetries }: CallOptions): { timeoutMs: number; maxRetries: number } {
    const most = checkRetries(maxRetries ?? this.maxRetries);
    return { timeoutMs: checkTimeout(timeoutMs ?? this.timeoutMs), maxRetries: most };
  }
}

/** Return `key`, which can stand in a header. Raises a ConfigurationError. */
export function checkIdempotencyKey(key: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new ConfigurationError(`idempotencyKey has ${key.length} characters; it is 1 to 255 printable ones of ASCII.`);
}

function fromEnvironment(name: string): string | undefined {
  const host = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return host.process?.env?.[name];
}

function checkUrl(given: string): string {
  const wanted = `give the server's own, such as ${DEFAULT_URL} (\`url\`, PARLEY_URL)`;
  // Not shown: a password may stand there.
  if (/[@?#]/.test(given)) throw new ConfigurationError(`The URL has a user, a query or a fragment; ${wanted}.`);
  const shown = JSON.stringify(given.slice(0, 200));
  if (/\/v[13]\/*$/.test(given)) throw new ConfigurationError(`The URL is ${shown}, with a version; ${wanted}.`);
  try {
    if (/^https?:\/\/[^/]/i.test(given)) return new URL(given).href.replace(/\/+$/, "");
  } catch {
    // It is refused like everything else that is no URL.
  }
  throw new ConfigurationError(`The URL is ${shown}, which is none of http or https; ${wanted}.`);
}

function checkKey(key: string | null | undefined): string | null {
  if (key === null || key === undefined) return null;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const fault = key ? "holds a line break or another character that no key has" : "is empty";
  throw new ConfigurationError(`The API key ${fault}; give it as it was shown (\`apiKey\`, PARLEY_API_KEY), or none.`);
}

function checkTimeout(ms: number): number {
  if (ms > 0 && ms <= MOST_TIMEOUT_MS) return ms;
  throw new ConfigurationError(`timeoutMs is ${ms}; it is a number of milliseconds from 1 to ${MOST_TIMEOUT_MS}.`);
}

function checkRetries(count: number): number {
  if (Number.isInteger(count) && count >= 0) return count;
  throw new ConfigurationError(`maxRetries is ${count}; it is a whole number, 0 for none.`);
}
