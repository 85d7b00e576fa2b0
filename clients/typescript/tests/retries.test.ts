import assert from "node:assert/strict";
import { test } from "node:test";
import { APIError, ConnectionError, TimeoutError, type CreateOptions } from "parley-client";
import { FakeClock } from "./fake-clock.js";
import { json, pieces, problem, refused, ScriptedFetch, type Act } from "./scripted-fetch.js";

const QUESTION = { input: "?", models: ["a"] };
const MINUTE_MS = 60_000;

interface Outcome {
  value?: unknown;
  error?: unknown;
  calls: number;
  waitedMs: number;
  script: ScriptedFetch;
}

/** Ask with a script of answers; waits of up to a minute pass at once. */
async function ask(acts: Act[], options: CreateOptions = {}, chance = 1): Promise<Outcome> {
  const clock = new FakeClock(MINUTE_MS);
  clock.chance = chance;
  const script = new ScriptedFetch(acts);
  const outcome: Outcome = { calls: 0, waitedMs: 0, script };
  try {
    outcome.value = await script.roundtable(clock).create(QUESTION, { timeoutMs: 600_000, ...options });
  } catch (error) {
    outcome.error = error;
  }
  assert.equal(clock.timers, 0, "a timer was left behind");
  return Object.assign(outcome, { calls: script.requests.length, waitedMs: clock.elapsedMs });
}

for (const status of [429, 502, 503, 504]) {
  test(`an answer with ${status} is asked for again`, async () => {
    const { value, calls } = await ask([problem(status, "x"), json(200, { id: "rt_1" })]);
    assert.deepEqual(value, { id: "rt_1" });
    assert.equal(calls, 2);
  });
}

test("a request that still runs is asked for again", async () => {
  const { calls, error } = await ask([problem(409, "idempotency_in_progress"), json(200, {})]);
  assert.equal(error, undefined);
  assert.equal(calls, 2);
});

for (const [status, code] of [
  [400, "validation_error"],
  [401, "unauthorized"],
  [402, "spend_limit_exceeded"],
  [404, "model_not_found"],
  [409, "something_else"],
  [422, "idempotency_mismatch"],
  [500, "internal_error"],
] as const) {
  test(`an answer with ${status} ${code} is final`, async () => {
    const { calls, error } = await ask([problem(status, code)]);
    assert.ok(error instanceof APIError && error.status === status && error.code === code);
    assert.equal(calls, 1);
  });
}

test("a connection that fails, breaks or brings no JSON is tried again", async () => {
  const broken = new Response(
    new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) }),
  );
  const empty = new Response("", { status: 200 });
  const half = new Response('{"id": "rt_', { headers: { "Content-Type": "application/json" } });
  for (const act of [refused(), broken, empty, half]) {
    const { value, calls } = await ask([act, json(200, { id: "rt_1" })]);
    assert.deepEqual(value, { id: "rt_1" });
    assert.equal(calls, 2);
  }
});

test("two retries are made unless said otherwise, and the last error is raised", async () => {
  const three = await ask([problem(503, "a"), problem(503, "b"), problem(503, "c")]);
  assert.ok(three.error instanceof APIError && three.error.code === "c");
  assert.equal(three.calls, 3);
  const one = await ask([refused()], { maxRetries: 0 });
  assert.ok(one.error instanceof ConnectionError);
  assert.equal(one.calls, 1);
});

test("the wait doubles from half a second up to eight, times a chance from 0 to 1", async () => {
  const acts = () => [...Array.from({ length: 7 }, () => problem(503, "x")), json(200, {})];
  const { waitedMs } = await ask(acts(), { maxRetries: 7 });
  assert.equal(waitedMs, 500 + 1_000 + 2_000 + 4_000 + 8_000 + 8_000 + 8_000);
  assert.equal((await ask(acts(), { maxRetries: 7 }, 0.5)).waitedMs, waitedMs / 2);
});

test("the wait is never shorter than Retry-After, in seconds or as a date", async () => {
  const date = new Date(new FakeClock().startMs + 7_000).toUTCString();
  for (const value of ["7", date]) {
    const { waitedMs } = await ask([problem(429, "x", { "Retry-After": value }), json(200, {})], {}, 0);
    assert.equal(waitedMs, 7_000);
  }
  const body = { error: { code: "x", message: "x", retry_after_seconds: 3 }, request_id: "req_1" };
  assert.equal((await ask([json(429, body), json(200, {})], {}, 0)).waitedMs, 3_000);
});

test("a Retry-After of a minute is waited for, a longer one is raised at once", async () => {
  const just = await ask([problem(429, "x", { "Retry-After": "60" }), json(200, {})]);
  assert.deepEqual([just.error, just.waitedMs], [undefined, 60_000]);
  const more = await ask([problem(429, "x", { "Retry-After": "61" })]);
  assert.ok(more.error instanceof APIError && more.error.retryAfter === 61);
  assert.deepEqual([more.calls, more.waitedMs], [1, 0]);
});

test("a wait beyond what is left of the timeout is not begun", async () => {
  const answer = () => problem(429, "x", { "Retry-After": "30" });
  const { error, calls, waitedMs } = await ask([answer(), answer(), answer()], { timeoutMs: 60_001, maxRetries: 5 });
  assert.ok(error instanceof APIError);
  assert.deepEqual([calls, waitedMs], [3, 60_000]);
});

test("a Retry-After that is none is passed over", async () => {
  for (const value of ["soon", "-5"]) {
    const { waitedMs } = await ask([problem(429, "x", { "Retry-After": value }), json(200, {})], {}, 0);
    assert.ok(waitedMs <= 0, value);
  }
});

test("the key of idempotency is one UUID for all attempts, another for each call, or the caller's", async () => {
  const keys = ({ script }: Outcome) => script.requests.map(({ headers }) => headers.get("idempotency-key"));
  const acts = () => [refused(), problem(504, "timeout"), json(200, {})];
  const [one, other] = [keys(await ask(acts())), keys(await ask(acts()))];
  assert.match(one[0]!, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(one).size, 1);
  assert.notEqual(one[0], other[0]);
  assert.deepEqual(keys(await ask(acts(), { idempotencyKey: "order 17" })), Array(3).fill("order 17"));
});

test("all attempts send the same body", async () => {
  const { script } = await ask([refused(), problem(503, "x"), json(200, {})]);
  assert.deepEqual(new Set(script.requests.map(({ init }) => init.body)), new Set([JSON.stringify(QUESTION)]));
});

test("a template is stored again only where the server said that it did nothing", async () => {
  for (const { act, calls } of [
    { act: problem(429, "rate_limit_exceeded"), calls: 2 },
    { act: problem(503, "overloaded"), calls: 2 },
    { act: problem(502, "upstream_error"), calls: 1 },
    { act: problem(504, "timeout"), calls: 1 },
    { act: refused(), calls: 1 },
  ]) {
    const script = new ScriptedFetch([act, json(201, { id: "t" })]);
    await script
      .templates(new FakeClock(MINUTE_MS))
      .create({ name: "x" })
      .catch(() => undefined);
    assert.equal(script.requests.length, calls);
    assert.equal(script.requests[0]?.headers.has("idempotency-key"), false);
  }
});

test("a stream is never asked for twice", async () => {
  for (const act of [problem(503, "overloaded"), refused(), pieces()]) {
    const script = new ScriptedFetch([act]);
    await assert.rejects(script.roundtable(new FakeClock(MINUTE_MS)).stream(QUESTION).final());
    assert.equal(script.requests.length, 1);
  }
});

test("a call that takes too long ends with a TimeoutError, and is not tried again", async () => {
  const clock = new FakeClock();
  let calls = 0;
  const script = new ScriptedFetch([]);
  const hang: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      calls++;
      init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      queueMicrotask(() => clock.advance(1_000));
    });
  Object.assign(script, { fetch: hang });
  await assert.rejects(script.roundtable(clock).create(QUESTION, { timeoutMs: 1_000 }), TimeoutError);
  await assert.rejects(script.roundtable(clock).stream(QUESTION, { timeoutMs: 1_000 }).final(), TimeoutError);
  assert.equal(calls, 2);
  assert.equal(clock.timers, 0);
});

test("Node's own limit of waiting for a head is a TimeoutError that says what to do", async () => {
  const cause = Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" });
  const { error, calls } = await ask([new TypeError("fetch failed", { cause })]);
  assert.ok(error instanceof TimeoutError);
  assert.match(error.message, /ask for a stream/);
  assert.equal(calls, 1);
});

test("an abort while waiting to ask again ends the call with the signal's reason", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const script = new ScriptedFetch([problem(503, "x", { "Retry-After": "30" })]);
  const call = script.roundtable(clock).create(QUESTION, { signal: abort.signal });
  const reason = new Error("The user has left.");
  setImmediate(() => abort.abort(reason));
  await assert.rejects(call, reason);
  assert.equal(clock.timers, 0);
});

test("a stream that is silent for a minute counts as cut, however slow its reader is", async () => {
  const clock = new FakeClock();
  const start = new TextEncoder().encode('data: {"type": "start", "id": "rt_1", "models": []}\n\n');
  const delta = new TextEncoder().encode('data: {"type": "summary_delta", "model": "a", "delta": "x"}\n\n');
  const body = (signal: AbortSignal) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(start);
        controller.enqueue(delta);
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    });
  const script = new ScriptedFetch([]);
  Object.assign(script, { fetch: async (_: unknown, init: RequestInit) => new Response(body(init.signal!)) });
  const events = script.roundtable(clock).stream(QUESTION)[Symbol.asyncIterator]();
  assert.equal((await events.next()).value?.type, "start");
  clock.advance(3_600_000);
  assert.equal((await events.next()).value?.type, "summary_delta");
  const waiting = events.next();
  setImmediate(() => clock.advance(59_999));
  setImmediate(() => clock.advance(1));
  await assert.rejects(waiting, (error) => error instanceof ConnectionError && /silent for 60 s/.test(error.message));
  assert.equal(clock.timers, 0);
});
