import assert from "node:assert/strict";
import { test } from "node:test";
import { Parley, ConnectionError, StreamError, type EventStream } from "parley-client";
import { goldenAnswer, goldenStreams, missing, type Family, type GoldenStream } from "./golden.js";
import { pieces, ScriptedFetch } from "./scripted-fetch.js";

const encoder = new TextEncoder();

/** Open a stream of the family that is answered by `chunks`. */
function open(family: Family, ...chunks: Uint8Array[]): EventStream<object, object> {
  const { fetch } = new ScriptedFetch([pieces(...chunks)]);
  const client = new Parley({ url: "http://parley.test", apiKey: null, fetch });
  if (family === "roundtable") return client.roundtable.stream({ input: "?", models: ["a"] });
  if (family === "compare") return client.compare.stream({ models: ["a"] });
  return client.chat.completions.stream({ model: "a" });
}

function sse(...events: object[]): Uint8Array {
  return encoder.encode(
    [...events.map((event) => JSON.stringify(event)), "[DONE]"].map((data) => `data: ${data}\n\n`).join(""),
  );
}

async function readAll<T>(events: AsyncIterable<T>): Promise<{ events: T[]; error: unknown }> {
  const list: T[] = [];
  try {
    for await (const event of events) list.push(event);
  } catch (error) {
    return { events: list, error };
  }
  return { events: list, error: undefined };
}

/** Return the data of the error that ends the stream, undefined if none does. */
function fatal({ data }: GoldenStream): Record<string, unknown> | undefined {
  const last = data.at(-1);
  return last?.["type"] === "error" || last?.["event"] === "error" ? last : undefined;
}

test("every golden stream yields its events, and its error is raised", { skip: missing }, async () => {
  for (const golden of goldenStreams()) {
    const error = fatal(golden);
    const heard = await readAll(open(golden.family, golden.bytes));
    assert.deepEqual(heard.events, error ? golden.data.slice(0, -1) : golden.data, golden.name);
    assert.equal(heard.error instanceof StreamError, error !== undefined, golden.name);
  }
});

test("every golden stream that is cut anywhere raises a ConnectionError", { skip: missing }, async () => {
  for (const golden of goldenStreams().filter((stream) => !fatal(stream))) {
    const end = golden.bytes.length - "\n\n".length;
    for (let at = 0; at < end; at += at < end - 20 ? 37 : 1) {
      const stream = open(golden.family, golden.bytes.subarray(0, at));
      const { events, error } = await readAll(stream);
      assert.ok(error instanceof ConnectionError, `${golden.name} cut at ${at}`);
      assert.deepEqual(events, golden.data.slice(0, events.length));
      await assert.rejects(stream.final(), error);
    }
  }
});

test("final() is the plain answer, without a loop, after one, and after textDeltas()", { skip: missing }, async () => {
  for (const golden of goldenStreams().filter(
    ({ family, ...stream }) => family === "roundtable" && !fatal({ family, ...stream }),
  )) {
    const { type: _, ...whole } = golden.data.at(-1)!;
    assert.deepEqual(await open("roundtable", golden.bytes).final(), whole, golden.name);
    const looped = open("roundtable", golden.bytes);
    await readAll(looped);
    assert.deepEqual(await looped.final(), whole, golden.name);
    const texts = open("roundtable", golden.bytes);
    await readAll(texts.textDeltas());
    assert.deepEqual(await texts.final(), whole, golden.name);
    assert.deepEqual(await texts.final(), whole, "again");
  }
});

test("a comparison's final() is put together from its events", { skip: missing }, async () => {
  for (const name of ["comparison", "skip_comparison"]) {
    const golden = goldenStreams().find((stream) => stream.name === `compare/${name}_stream`)!;
    const plain = goldenAnswer(`compare/${name}`) as { results: object[] };
    const final = (await open("compare", golden.bytes).final()) as { results: object[] };
    assert.deepEqual(Object.keys(final).sort(), withoutAbsent(plain));
    assert.equal(final.results.length, plain.results.length);
  }
});

/** The names of a plain comparison that a stream carries as well. */
function withoutAbsent(plain: object): string[] {
  return Object.keys(plain)
    .filter((name) => name !== "created" && name !== "trace_uuid")
    .sort();
}

test("a completion's final() joins texts and tool calls", { skip: missing }, async () => {
  for (const name of ["tools", "panel"]) {
    const golden = goldenStreams().find((stream) => stream.name === `chat/${name}_stream`)!;
    const final = (await open("chat", golden.bytes).final()) as {
      choices: { message: object; finish_reason: string }[];
    };
    const plain = goldenAnswer(`chat/${name}`) as typeof final;
    assert.equal(final.choices[0]?.finish_reason, plain.choices[0]?.finish_reason);
    if (name === "tools") {
      const { refusal: _, ...message } = plain.choices[0]?.message as Record<string, unknown>;
      assert.deepEqual(final.choices[0]?.message, message);
    } else {
      assert.deepEqual(final.choices[0]?.message, { role: "assistant", content: "Both have a point." });
    }
  }
});

test("textDeltas() tell whose text it is", async () => {
  const roundtable = open(
    "roundtable",
    sse(
      { type: "start", id: "rt_1", models: ["a", "b"] },
      { type: "model_delta", model_index: 1, model: "b", delta: "Yes" },
      { type: "summary_delta", model: "judge", delta: "So it is" },
    ),
  );
  assert.deepEqual((await readAll(roundtable.textDeltas())).events, [
    { index: 1, model: "b", text: "Yes", isSummary: false },
    { index: null, model: "judge", text: "So it is", isSummary: true },
  ]);
  const compare = open(
    "compare",
    sse(
      { event: "model_chunk", model: "a", delta: "Yes" },
      { event: "comparison_chunk", comparison_model: "judge", delta: "Both" },
    ),
  );
  assert.deepEqual((await readAll(compare.textDeltas())).events, [
    { index: null, model: "a", text: "Yes", isSummary: false },
    { index: null, model: "judge", text: "Both", isSummary: true },
  ]);
});

test("kinds that are not known are passed over, by every family", async () => {
  for (const family of ["roundtable", "compare", "chat"] as const) {
    const odd = [{ type: "new_kind" }, { event: "new_kind" }, { object: "new.kind" }, {}];
    const { events, error } = await readAll(open(family, sse(...odd), encoder.encode("data: null\n\n")));
    assert.deepEqual(events, []);
    assert.equal(error, undefined);
  }
});

test("a comparison's event may be named on its own line alone", async () => {
  const bytes = encoder.encode('event: model_chunk\ndata: {"model": "a", "delta": "x"}\n\ndata: [DONE]\n\n');
  const { events } = await readAll(open("compare", bytes));
  assert.deepEqual(events, [{ event: "model_chunk", model: "a", delta: "x" }]);
});

test("a failed model's error is data, whether it is a sentence, an object or null", async () => {
  const rows = ["It is down.", { code: "x" }, null].map((error) => ({ event: "model_stream_done", model: "a", error }));
  assert.deepEqual((await readAll(open("compare", sse(...rows)))).events, rows);
  const rounds = [{ type: "model_error", model_index: 0, model: "a", error: "It is down.", error_code: "unavailable" }];
  assert.deepEqual((await readAll(open("roundtable", sse(...rounds)))).events, rounds);
});

for (const { about, family, event, said } of [
  {
    about: "a sentence",
    family: "roundtable" as const,
    event: { type: "error", error: "No model answered.", error_code: "all_models_failed", details: [{ index: 0 }] },
    said: {
      message: "No model answered.",
      code: "all_models_failed",
      details: [{ index: 0 }],
      requestId: "req_stream",
    },
  },
  {
    about: "an object",
    family: "compare" as const,
    event: { event: "error", error: { code: "shutting_down", message: "The server ends." } },
    said: { message: "The server ends.", code: "shutting_down", details: null, requestId: "req_stream" },
  },
  {
    about: "an envelope",
    family: "chat" as const,
    event: { error: { code: "timeout", message: "Too late.", param: null }, request_id: "req_chat" },
    said: { message: "Too late.", code: "timeout", details: null, requestId: "req_chat" },
  },
]) {
  test(`the error that ends a stream may be ${about}`, async () => {
    const stream = open(family, sse(event));
    const { error } = await readAll(stream);
    assert.ok(error instanceof StreamError);
    const { message, code, details, requestId } = error;
    assert.deepEqual({ message, code, details, requestId }, said);
    await assert.rejects(stream.final(), error);
  });
}

test("an event that is not JSON raises a ConnectionError that does not quote it", async () => {
  const { error } = await readAll(open("roundtable", encoder.encode("data: <secret>\n\n")));
  assert.ok(error instanceof ConnectionError);
  assert.doesNotMatch(error.message, /secret/);
});

test("what comes after [DONE] is not read", async () => {
  const { events, error } = await readAll(open("chat", sse(), encoder.encode("data: nonsense\n\n")));
  assert.deepEqual([events, error], [[], undefined]);
});

test("a stream is sent once, when it is first read, without an idempotency key", async () => {
  const script = new ScriptedFetch([pieces(sse({ type: "start", id: "rt_1", models: [] }))]);
  const client = new Parley({ url: "http://parley.test/", apiKey: null, fetch: script.fetch });
  const stream = client.roundtable.stream({ input: "?", models: ["a"] });
  assert.equal(script.requests.length, 0);
  assert.equal(stream.requestId, null);
  await readAll(stream);
  await readAll(stream);
  assert.equal(stream.requestId, "req_stream");
  const [request] = script.requests;
  assert.equal(script.requests.length, 1);
  assert.equal(request?.url, "http://parley.test/v3/roundtable");
  assert.equal(request?.init.body, JSON.stringify({ input: "?", models: ["a"], stream: true }));
  assert.equal(request?.headers.has("idempotency-key"), false);
});
