import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { APIError, Parley, type UsageEvent } from "parley-client";
import { missing, startParley } from "./parley-server.js";

const ADMIN_KEY = "an-admin-key-for-tests-of-forty-letters-";
const EXAMPLES = new URL("../examples/", import.meta.url);
const QUICK = ["sandbox/terse?tps=0", "sandbox/thorough?tps=0"];
const messages = [{ role: "user" as const, content: "What is 6 times 7?" }];

async function admin(context: TestContext): Promise<Parley> {
  return new Parley({ url: await startParley(context, "", { PARLEY_ADMIN_KEY: ADMIN_KEY }), apiKey: ADMIN_KEY });
}

test("the examples run as they stand, and each is short", { skip: missing }, async (context) => {
  const url = await startParley(context, '[server]\nauth = "open"');
  const names = readdirSync(EXAMPLES);
  assert.deepEqual(names.sort(), ["ask.mjs", "compare.mjs", "stream.mjs", "structured.mjs", "vote.mjs"]);
  for (const name of names) {
    const path = fileURLToPath(new URL(name, EXAMPLES));
    const env = { PATH: process.env["PATH"] ?? "", PARLEY_URL: url };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { env });
    assert.equal(stderr, "");
    assert.match(
      stdout,
      { "compare.mjs": /## Recommendation/, "vote.mjs": /^winner: yes$/m }[name] ?? /^(cost|confidence): [\d.]+/m,
    );
    assert.ok(readFileSync(path, "utf8").split("\n").length < 40, name);
  }
});

test("panels and chat answer, plain and streamed alike", { skip: missing }, async (context) => {
  const client = await admin(context);
  const question = { input: "What is 6 times 7?", models: QUICK };
  assert.match((await client.roundtable.create(question)).data!, /42/);
  assert.match((await client.roundtable.stream(question).final()).data!, /42/);
  const compare = { models: QUICK, messages };
  const { comparison, results } = await client.compare.create(compare);
  const streamed = await client.compare.stream(compare).final();
  // The judge sees the answers shuffled, so that no two evaluations are the same.
  for (const text of [comparison, streamed.comparison]) assert.match(text ?? "", /## Recommendation\nUse sandbox/);
  assert.deepEqual(
    streamed.results.map(({ content }) => content),
    results.map(({ content }) => content),
  );
  const chat = { model: QUICK[0]!, messages, stream_options: { include_usage: true } };
  const final = await client.chat.completions.stream(chat).final();
  const plain = await client.chat.completions.create({ model: QUICK[0]!, messages });
  assert.equal(final.choices[0]?.message.content, plain.choices[0]?.message.content);
  assert.deepEqual([final.usage, final.cost], [plain.usage, plain.cost]);
});

test("models, templates, usage and traces answer", { skip: missing }, async (context) => {
  const client = await admin(context);
  assert.ok((await client.models.list({ provider: "sandbox" })).some(({ id }) => id === "sandbox/terse"));
  assert.equal((await client.models.search({ q: "terse", limit: 1 })).items[0]?.id, "sandbox/terse");
  assert.equal((await client.models.get("sandbox/terse")).sandbox, true);

  const fields = { name: "sums", messages: [{ role: "user" as const, content: "What is {{ a }} times 7?" }] };
  const { id } = await client.templates.create(fields);
  const asked = await client.chat.completions.create({ model: QUICK[0]!, template: "sums", variables: { a: "6" } });
  assert.match(asked.choices[0]?.message.content ?? "", /42/);
  assert.equal((await client.templates.update(id, { description: "Sums." })).description, "Sums.");
  assert.deepEqual((await client.templates.get(id)).variables, ["a"]);
  assert.equal((await client.templates.list()).length, 1);
  await client.templates.delete(id);
  await assert.rejects(client.templates.get(id), { status: 404, code: "not_found" });

  const { events, total } = await client.usage.events({ status: "ok", limit: 1 });
  assert.equal(total, 1);
  assert.equal((await client.usage.attempts(events[0]!.id)).attempts[0]?.outcome, "ok");
  assert.equal((await client.usage.totals()).total_cost_usd, events[0]?.cost);
  assert.deepEqual((await client.usage.rateLimits()).windows, []);
  assert.equal((await client.usage.balance()).available_usd, null);
  assert.equal((await client.traces.list({ limit: 1 })).limit, 1);
});

test("an answer that was lost is given again for its Idempotency-Key, unpaid", { skip: missing }, async (context) => {
  const client = await admin(context);
  const question = { input: "What is 6 times 7?", models: QUICK };
  const one = await client.roundtable.create(question, { idempotencyKey: "order-17" });
  const other = await client.roundtable.create(question, { idempotencyKey: "order-17" });
  assert.equal(other.id, one.id);
  const call = client.roundtable.create({ ...question, input: "Else?" }, { idempotencyKey: "order-17" });
  await assert.rejects(call, { status: 422, code: "idempotency_mismatch" });
});

test("a wrong key is refused with a request id, and a left stream is cancelled", { skip: missing }, async (context) => {
  const url = await startParley(context, "", { PARLEY_ADMIN_KEY: ADMIN_KEY });
  const error: unknown = await new Parley({ url, apiKey: "wrong" }).models.list().catch((cause: unknown) => cause);
  assert.ok(error instanceof APIError && error.status === 401 && error.code === "unauthorized");
  assert.match(error.requestId ?? "", /^req_/);

  const client = new Parley({ url, apiKey: ADMIN_KEY });
  for await (const event of client.roundtable.stream({ input: "?", models: ["sandbox/chatty"] })) {
    if (event.type === "model_delta") break;
  }
  assert.equal((await settled(client)).outcome, "cancelled");
});

/** Wait until the server has closed the one event of its ledger, and return it. */
async function settled(client: Parley): Promise<UsageEvent> {
  for (;;) {
    const { events } = await client.usage.events();
    if (events[0] && events[0].outcome !== "running") return events[0];
  }
}
