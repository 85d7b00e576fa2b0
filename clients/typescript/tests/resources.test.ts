import assert from "node:assert/strict";
import { test } from "node:test";
import { Parley } from "parley-client";
import { json, ScriptedFetch } from "./scripted-fetch.js";

interface Sent {
  method: string | undefined;
  path: string;
  body: unknown;
  isIdempotent: boolean;
}

/** Return what `call` sends, and its answer, which is `answer` on the wire. */
async function send<T>(
  call: (client: Parley) => Promise<T>,
  answer: Response = json(200, {}),
): Promise<Sent & { value: T }> {
  const script = new ScriptedFetch([answer]);
  const value = await call(new Parley({ url: "http://parley.test", apiKey: "key", fetch: script.fetch }));
  const { url, init, headers } = script.requests[0]!;
  const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
  assert.equal(headers.get("content-type"), body === undefined ? null : "application/json");
  const isIdempotent = headers.has("idempotency-key");
  return { method: init.method, path: url.replace("http://parley.test", ""), body, isIdempotent, value };
}

const messages = [{ role: "user" as const, content: "?" }];
const PANEL = "/v3/roundtable";

for (const { call, sent } of [
  {
    call: (client: Parley) => client.roundtable.create({ input: "?", models: ["a", { name: "b", temperature: 0 }] }),
    sent: ["POST", PANEL, { input: "?", models: ["a", { name: "b", temperature: 0 }] }, true],
  },
  {
    call: (client: Parley) => client.roundtable.vote({ input: "?", models: ["a"], choices: ["x", "y"] }),
    sent: ["POST", PANEL, { input: "?", models: ["a"], choices: ["x", "y"], resolution: "multiple_choice" }, true],
  },
  {
    call: (client: Parley) => client.compare.create({ models: ["a"], messages }),
    sent: ["POST", "/v1/chat/compare", { models: ["a"], messages }, true],
  },
  {
    call: (client: Parley) => client.chat.completions.create({ model: "a", messages, min_p: 0.1 }),
    sent: ["POST", "/v1/chat/completions", { model: "a", messages, min_p: 0.1 }, true],
  },
  {
    call: (client: Parley) => client.models.search({ q: "a b&c", limit: 5, offset: null }),
    sent: ["GET", "/v1/models/search?q=a+b%26c&limit=5"],
  },
  { call: (client: Parley) => client.models.search(), sent: ["GET", "/v1/models/search"] },
  {
    call: (client: Parley) => client.models.get("sandbox/terse?tps=0"),
    sent: ["GET", "/v1/models/sandbox/terse%3Ftps%3D0"],
  },
  { call: (client: Parley) => client.templates.create({ name: "t" }), sent: ["POST", "/v1/templates", { name: "t" }] },
  { call: (client: Parley) => client.templates.get("a b"), sent: ["GET", "/v1/templates/a%20b"] },
  {
    call: (client: Parley) => client.templates.update("t", { system: null }),
    sent: ["PATCH", "/v1/templates/t", { system: null }],
  },
  { call: (client: Parley) => client.usage.totals(), sent: ["POST", "/v1/usage", {}] },
  { call: (client: Parley) => client.usage.events({ limit: 1 }), sent: ["POST", "/v1/usage/events", { limit: 1 }] },
  { call: (client: Parley) => client.usage.attempts("ev_1"), sent: ["GET", "/v1/usage/events/ev_1/attempts"] },
  { call: (client: Parley) => client.usage.rateLimits(), sent: ["GET", "/v1/usage/rate-limits"] },
  { call: (client: Parley) => client.usage.balance(), sent: ["GET", "/v1/balance"] },
  {
    call: (client: Parley) => client.traces.list({ limit: 2, name: "round" }),
    sent: ["GET", "/v3/traces?limit=2&name=round"],
  },
  { call: (client: Parley) => client.traces.get("u-1"), sent: ["GET", "/v3/traces/u-1"] },
]) {
  test(`${sent[0]} ${sent[1]} is sent as the contract has it`, async () => {
    const { method, path, body, isIdempotent, value } = await send<unknown>(call);
    assert.deepEqual([method, path, body, isIdempotent], [sent[0], sent[1], sent[2], sent[3] ?? false]);
    assert.deepEqual(value, {});
  });
}

test("the list of models comes without its wrapping", async () => {
  const answer = json(200, { object: "list", data: [{ id: "a" }] });
  const { path, value } = await send((client) => client.models.list({ free: false, provider: "p" }), answer);
  assert.equal(path, "/v1/models?free=false&provider=p");
  assert.deepEqual(value, [{ id: "a" }]);
});

test("templates come as an array, and nothing else will do", async () => {
  const { path, value } = await send((client) => client.templates.list(), json(200, [{ id: "t" }]));
  assert.equal(path, "/v1/templates");
  assert.deepEqual(value, [{ id: "t" }]);
  const { fetch } = new ScriptedFetch([json(200, {})]);
  const client = new Parley({ url: "http://parley.test", apiKey: null, fetch, maxRetries: 0 });
  await assert.rejects(client.templates.list(), { name: "ConnectionError" });
});

test("what is deleted answers nothing", async () => {
  for (const [call, path] of [
    [(client: Parley) => client.templates.delete("t"), "/v1/templates/t"],
    [(client: Parley) => client.traces.delete("u"), "/v3/traces/u"],
  ] as const) {
    const sent = await send(call, new Response(null, { status: 204 }));
    assert.deepEqual([sent.method, sent.path, sent.value], ["DELETE", path, undefined]);
  }
});

test("an id that would lead to another path is refused", async () => {
  const client = new Parley({ url: "http://parley.test", apiKey: null, fetch: new ScriptedFetch([]).fetch });
  for (const id of ["", "..", "a/../b", "/a", "a/", "."]) assert.throws(() => client.traces.get(id), TypeError, id);
});
