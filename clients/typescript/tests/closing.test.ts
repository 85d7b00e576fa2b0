import assert from "node:assert/strict";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { ConnectionError, Parley } from "parley-client";
import { serve } from "./local-server.js";

/** A server that streams text without end, and says when a client has gone. */
async function endless(context: TestContext): Promise<{ client: Parley; gone: Promise<unknown> }> {
  let resolve = (_: unknown) => {};
  const gone = new Promise((done) => (resolve = done));
  const url = await serve(context, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const timer = setInterval(() => {
      response.write('data: {"type": "model_delta", "model_index": 0, "model": "a", "delta": "x"}\n\n');
    }, 1);
    void once(response, "close").then(resolve);
    response.on("close", () => clearInterval(timer));
  });
  return { client: new Parley({ url, apiKey: null }), gone };
}

const QUESTION = { input: "?", models: ["a"] };

test("leaving the loop closes the connection", async (context) => {
  const { client, gone } = await endless(context);
  const stream = client.roundtable.stream(QUESTION);
  for await (const event of stream) {
    assert.equal(event.type, "model_delta");
    break;
  }
  await gone;
  await assert.rejects(stream.final(), ConnectionError);
});

test("leaving the loop over texts closes the connection", async (context) => {
  const { client, gone } = await endless(context);
  for await (const { text } of client.roundtable.stream(QUESTION).textDeltas()) {
    assert.equal(text, "x");
    break;
  }
  await gone;
});

test("an exception in the loop closes the connection and goes on", async (context) => {
  const { client, gone } = await endless(context);
  const fault = new Error("The reader has failed.");
  await assert.rejects(async () => {
    for await (const _ of client.roundtable.stream(QUESTION)) throw fault;
  }, fault);
  await gone;
});

test("an abort closes the connection, and the loop raises the signal's reason", async (context) => {
  const { client, gone } = await endless(context);
  const abort = new AbortController();
  const reason = new Error("The user has left.");
  await assert.rejects(async () => {
    for await (const _ of client.roundtable.stream(QUESTION, { signal: abort.signal })) abort.abort(reason);
  }, reason);
  await gone;
});

test("an abort before the first event is read ends the stream before it is sent", async () => {
  const client = new Parley({ url: "http://127.0.0.1:9", apiKey: null });
  const stream = client.roundtable.stream(QUESTION, { signal: AbortSignal.abort() });
  await assert.rejects(stream.final(), { name: "AbortError" });
});

test("close() ends a loop that waits for the next event, without an error", async (context) => {
  let begun = () => {};
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const url = await serve(context, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(": nothing to say\n\n", begun);
  });
  const stream = new Parley({ url, apiKey: null }).roundtable.stream(QUESTION);
  const next = stream[Symbol.asyncIterator]().next();
  await hasBegun;
  await stream.close();
  assert.deepEqual(await next, { done: true, value: undefined });
  await assert.rejects(stream.final(), ConnectionError);
});

test("close() before the stream is read sends nothing, and the loop has nothing to read", async () => {
  const client = new Parley({ url: "http://127.0.0.1:9", apiKey: null });
  const stream = client.roundtable.stream(QUESTION);
  await stream.close();
  for await (const event of stream) assert.fail(`an event came: ${event.type}`);
});

test("a stream can be disposed of, where the runtime knows the symbol and where it does not", async (context) => {
  const { client, gone } = await endless(context);
  const stream = client.roundtable.stream(QUESTION);
  await stream[Symbol.asyncIterator]().next();
  const symbol: symbol = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
  await (stream as unknown as Record<symbol, () => Promise<void>>)[symbol]!();
  await gone;
});

test("an abort ends a plain call, and the server sees it", async (context) => {
  let gone: Promise<unknown> = Promise.resolve();
  const abort = new AbortController();
  const url = await serve(context, (_, response) => {
    gone = once(response, "close");
    abort.abort();
  });
  const call = new Parley({ url, apiKey: null }).roundtable.create(QUESTION, { signal: abort.signal });
  await assert.rejects(call, { name: "AbortError" });
  await gone;
});

test("a stream that the server cuts off raises a ConnectionError", async (context) => {
  const url = await serve(context, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write('data: {"type": "start", "id": "rt_1", "models": ["a"]}\n\n', () => response.destroy());
  });
  const stream = new Parley({ url, apiKey: null }).roundtable.stream(QUESTION);
  const kinds: string[] = [];
  await assert.rejects(async () => {
    for await (const event of stream) kinds.push(event.type);
  }, ConnectionError);
  assert.deepEqual(kinds, ["start"]);
});

test("a hundred streams at once are told apart", async (context) => {
  const url = await serve(context, (_, response, body) => {
    const { input } = JSON.parse(body) as { input: string };
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const done = { type: "done", id: input, data: input, meta: {}, model_results: [] };
    response.end(`data: ${JSON.stringify(done)}\n\ndata: [DONE]\n\n`);
  });
  const client = new Parley({ url, apiKey: null });
  const names = Array.from({ length: 100 }, (_, index) => `question ${index}`);
  const finals = await Promise.all(names.map((input) => client.roundtable.stream({ input, models: ["a"] }).final()));
  assert.deepEqual(
    finals.map(({ data }) => data),
    names,
  );
});
