/**
 * The conformance driver: one JSON command per line in, one JSON answer per line out. See clients/conformance/README.md.
 *
 * @import { APIError, EventStream, StreamError } from "parley-client"
 */
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import * as library from "parley-client";
import { z } from "zod";

const Verdict = z.strictObject({ verdict: z.enum(["yes", "no"]), confidence: z.number() });

/**
 * @typedef {{ timeout_s?: number, max_retries?: number, idempotency_key?: string, break_after?: number,
 *   cancel_after_s?: number, no_final?: boolean, texts?: boolean }} Options
 * @typedef {{ id: unknown, op: string, url?: string, key?: string | null, request?: any, options?: Options }} Command
 * @typedef {{ events?: unknown[], texts?: unknown[] }} Heard
 */

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim()) void answer(JSON.parse(line));
}

/** @param {Command} command */
async function answer(command) {
  /** @type {Heard} */
  const heard = {};
  const cancel = new AbortController();
  const after = command.options?.cancel_after_s;
  const timer = after === undefined ? undefined : setTimeout(() => cancel.abort(), after * 1000);
  /** @type {object} */
  let said;
  try {
    said = { value: (await run(command, heard, cancel.signal)) ?? null };
  } catch (error) {
    said = { error: errorOf(error, cancel.signal), ...heard };
  } finally {
    clearTimeout(timer);
  }
  process.stdout.write(`${JSON.stringify({ id: command.id, ...said })}\n`);
}

/**
 * @param {Command} command
 * @param {Heard} heard
 * @param {AbortSignal} signal
 * @returns {Promise<unknown>}
 */
async function run({ op, url, key, request = {}, options = {} }, heard, signal) {
  if (op === "from_environment") return new library.Parley().models.list();
  /** @type {string | undefined} */
  let body;
  const client = new library.Parley({
    ...(url !== undefined && { url }),
    apiKey: key ?? null,
    fetch: (input, init) => {
      body = /** @type {string | undefined} */ (init?.body);
      return fetch(input, init);
    },
  });
  const call = {
    signal,
    ...(options.timeout_s !== undefined && { timeoutMs: options.timeout_s * 1000 }),
    ...(options.max_retries !== undefined && { maxRetries: options.max_retries }),
    ...(options.idempotency_key !== undefined && { idempotencyKey: options.idempotency_key }),
  };
  const { id, ...rest } = request;
  switch (op) {
    case "roundtable.create":
      return client.roundtable.create(request, call);
    case "roundtable.vote":
      return client.roundtable.vote(request, call);
    case "roundtable.parse": {
      const { parsed, raw } = await client.roundtable.parse({ ...request, output: Verdict }, call);
      return { parsed, type: "Verdict", schema: JSON.parse(body ?? "{}").output_schema, raw };
    }
    case "roundtable.stream":
      return read(client.roundtable.stream(request, call), heard, options);
    case "compare.create":
      return client.compare.create(request, call);
    case "compare.stream":
      return read(client.compare.stream(request, call), heard, options);
    case "chat.create":
      return client.chat.completions.create(request, call);
    case "chat.stream":
      return read(client.chat.completions.stream(request, call), heard, options);
    case "models.list":
      return client.models.list(request, call);
    case "models.search":
      return client.models.search(request, call);
    case "models.get":
      return client.models.get(id, call);
    case "templates.create":
      return client.templates.create(request, call);
    case "templates.list":
      return client.templates.list(call);
    case "templates.get":
      return client.templates.get(id, call);
    case "templates.update":
      return client.templates.update(id, rest.fields, call);
    case "templates.delete":
      return client.templates.delete(id, call);
    case "usage.totals":
      return client.usage.totals(request, call);
    case "usage.events":
      return client.usage.events(request, call);
    case "usage.attempts":
      return client.usage.attempts(id, call);
    case "usage.rate_limits":
      return client.usage.rateLimits(call);
    case "usage.balance":
      return client.usage.balance(call);
    case "traces.list":
      return client.traces.list(request, call);
    case "traces.get":
      return client.traces.get(id, call);
    case "traces.delete":
      return client.traces.delete(id, call);
    case "describe":
      return {
        text: [inspect(client, { depth: 12, showHidden: true }), String(client), JSON.stringify(client)].join("\n"),
      };
    default:
      throw new Error(`op is ${JSON.stringify(op)}; clients/conformance/README.md has the table of them`);
  }
}

/**
 * @param {EventStream<unknown, unknown>} stream
 * @param {Heard} heard
 * @param {Options} options
 */
async function read(stream, heard, { break_after, no_final, texts }) {
  /** @type {unknown[]} */
  const list = [];
  const items = texts ? stream.textDeltas() : stream;
  heard[texts ? "texts" : "events"] = list;
  let isLeft = break_after === 0;
  if (isLeft) await stream.close();
  for await (const item of items) {
    list.push(texts ? encodeText(/** @type {library.TextDelta} */ (item)) : item);
    isLeft = list.length === break_after;
    if (isLeft) break;
  }
  return { ...heard, final: no_final || isLeft ? null : await stream.final() };
}

/** @param {library.TextDelta} delta */
function encodeText({ isSummary, ...rest }) {
  return { ...rest, is_summary: isSummary };
}

/**
 * @param {unknown} error
 * @param {AbortSignal} signal
 */
function errorOf(error, signal) {
  const message = error instanceof Error ? error.message : String(error);
  if (error === signal.reason && signal.aborted) return { kind: "cancelled", message };
  if (error instanceof library.APIError) return { kind: "api", status: error.status, ...facts(error) };
  if (error instanceof library.StreamError) return { kind: "stream", ...facts(error) };
  if (error instanceof library.OutputError) return { kind: "output", message, raw: error.raw };
  if (error instanceof library.TimeoutError) return { kind: "timeout", message };
  if (error instanceof library.ConnectionError) return { kind: "connection", message };
  return { kind: "other", message: error instanceof Error ? (error.stack ?? message) : message };
}

/** @param {APIError | StreamError} error */
function facts({ message, code, param, details, providerError, retryAfter, requestId }) {
  const provider_error = providerError;
  return { message, code, param, details, provider_error, retry_after: retryAfter, request_id: requestId };
}
