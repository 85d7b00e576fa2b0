import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigurationError, OutputError, Parley, type StandardSchema } from "parley-client";
import { z } from "zod";
import { json, ScriptedFetch } from "./scripted-fetch.js";

const Verdict = z.strictObject({ verdict: z.enum(["yes", "no"]), confidence: z.number() });
const QUESTION = { input: "?", models: ["a"] };

/** A client of a server that answers each question with `data`, and what it sends. */
function answering(data: unknown, meta: object = {}) {
  const script = new ScriptedFetch([json(200, { id: "rt_1", data, meta, model_results: [] })]);
  const { roundtable } = new Parley({ url: "http://parley.test", apiKey: null, fetch: script.fetch });
  const sent = () => JSON.parse(String(script.requests[0]?.init.body)) as Record<string, unknown>;
  return { roundtable, sent, script };
}

/** A schema of a library that knows no JSON Schema. */
const plain: StandardSchema<number> = {
  "~standard": {
    version: 1,
    vendor: "plain",
    validate: async (value) =>
      typeof value === "number" ? { value } : { issues: [{ message: "no number", path: [{ key: "a" }, 0] }] },
  },
};

test("a Zod schema tells its own JSON Schema, and its value comes back", async () => {
  const { roundtable, sent } = answering({ verdict: "yes", confidence: 0.5 });
  const { parsed, raw } = await roundtable.parse({ ...QUESTION, output: Verdict, summary_model: "b" });
  assert.deepEqual(parsed, { verdict: "yes", confidence: 0.5 });
  assert.equal(raw.id, "rt_1");
  const { output_schema, ...rest } = sent();
  assert.deepEqual(rest, { ...QUESTION, summary_model: "b" });
  assert.deepEqual(output_schema, {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { verdict: { type: "string", enum: ["yes", "no"] }, confidence: { type: "number" } },
    required: ["verdict", "confidence"],
    additionalProperties: false,
  });
});

test("the JSON Schema of a schema that changes values is that of what goes in", async () => {
  const { roundtable, sent } = answering({ when: "2026-11-22" });
  const output = z.object({ when: z.string().transform((text) => new Date(text)) });
  const { parsed } = await roundtable.parse({ ...QUESTION, output });
  assert.equal(parsed.when.getUTCFullYear(), 2026);
  assert.deepEqual(sent()["output_schema"], {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { when: { type: "string" } },
    required: ["when"],
  });
});

test("the JSON Schema may be given, as it is or as what makes it", async () => {
  const given = answering(7);
  assert.equal(
    (await given.roundtable.parse({ ...QUESTION, output: plain, output_schema: { type: "number" } })).parsed,
    7,
  );
  assert.deepEqual(given.sent()["output_schema"], { type: "number" });
  const made = answering({ verdict: "no", confidence: 1 });
  await made.roundtable.parse({ ...QUESTION, output: Verdict, output_schema: z.toJSONSchema });
  assert.equal((made.sent()["output_schema"] as { type: string }).type, "object");
});

test("a schema that can't tell its JSON Schema is refused before anything is sent", async () => {
  const { roundtable, script } = answering(7);
  await assert.rejects(roundtable.parse({ ...QUESTION, output: plain }), (error) => {
    assert.ok(error instanceof ConfigurationError);
    assert.match(
      error.message,
      /The schema of plain can't tell its JSON Schema; give that as `output_schema`, or what makes it/,
    );
    return true;
  });
  assert.equal(script.requests.length, 0);
});

test("an answer that does not fit is an OutputError with what is wrong and the answer", async () => {
  const wrong = answering({ verdict: "perhaps", confidence: 1 });
  await assert.rejects(wrong.roundtable.parse({ ...QUESTION, output: Verdict }), (error) => {
    assert.ok(error instanceof OutputError);
    assert.match(error.message, /The answer does not fit: verdict: /);
    assert.equal(error.issues.length, 1);
    assert.deepEqual(error.raw.data, { verdict: "perhaps", confidence: 1 });
    return true;
  });
  const nested = answering("x");
  const call = nested.roundtable.parse({ ...QUESTION, output: plain, output_schema: {} });
  await assert.rejects(call, { message: "The answer does not fit: a.0: no number" });
});

test("a consolidation that failed is an OutputError in its own words", async () => {
  const { roundtable } = answering(null, { summary_error: { code: "schema_invalid", message: "No judge could." } });
  await assert.rejects(roundtable.parse({ ...QUESTION, output: Verdict }), (error) => {
    assert.ok(error instanceof OutputError);
    assert.equal(error.message, "There is no answer: No judge could.");
    assert.equal(error.raw.data, null);
    return true;
  });
});
