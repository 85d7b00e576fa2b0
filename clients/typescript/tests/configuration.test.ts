import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test, type TestContext } from "node:test";
import { ConfigurationError, Parley, type ParleyOptions } from "parley-client";
import { json, ScriptedFetch } from "./scripted-fetch.js";

const KEY = "parley_planted_secret";

/** Set the environment until the test ends. */
function setEnvironment(context: TestContext, values: Record<string, string | undefined>): void {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  context.after(() => {
    process.env = before;
  });
}

/** Return the first request of a client that is made with `options`. */
async function firstRequest(options: ParleyOptions) {
  const script = new ScriptedFetch([json(200, { data: [] })]);
  await new Parley({ ...options, fetch: script.fetch }).models.list();
  return script.requests[0]!;
}

test("the URL and the key come from the environment", async (context) => {
  setEnvironment(context, { PARLEY_URL: "https://parley.test/base/", PARLEY_API_KEY: KEY });
  const { url, headers } = await firstRequest({});
  assert.equal(url, "https://parley.test/base/v1/models");
  assert.equal(headers.get("authorization"), `Bearer ${KEY}`);
  assert.match(headers.get("user-agent")!, /^parley-typescript\/\d+\.\d+\.\d+$/);
});

test("what is given wins over the environment, and null is no key", async (context) => {
  setEnvironment(context, { PARLEY_URL: "https://parley.test", PARLEY_API_KEY: KEY });
  const { url, headers } = await firstRequest({ url: "http://[::1]:8080", apiKey: null });
  assert.equal(url, "http://[::1]:8080/v1/models");
  assert.equal(headers.has("authorization"), false);
});

test("without an environment the server is on this machine and open", async (context) => {
  setEnvironment(context, { PARLEY_URL: undefined, PARLEY_API_KEY: undefined });
  const { url, headers } = await firstRequest({});
  assert.equal(url, "http://127.0.0.1:8080/v1/models");
  assert.equal(headers.has("authorization"), false);
});

for (const { options, message } of [
  {
    options: { url: "parley.test" },
    message: /The URL is "parley\.test", which is none of http or https; give the server's own/,
  },
  { options: { url: "" }, message: /The URL is ""/ },
  { options: { url: "ftp://parley.test" }, message: /none of http or https/ },
  { options: { url: "http://" }, message: /none of http or https/ },
  { options: { url: "http://parley.test:99999" }, message: /none of http or https/ },
  { options: { url: `http://me:${KEY}@parley.test` }, message: /has a user/ },
  { options: { url: "http://parley.test/?a=b" }, message: /a query/ },
  { options: { url: "http://parley.test/v1" }, message: /with a version; give/ },
  { options: { url: "http://parley.test/v3/" }, message: /with a version; give/ },
  { options: { apiKey: "" }, message: /The API key is empty; give it as it was shown .* or none/ },
  { options: { apiKey: `${KEY}\n` }, message: /holds a line break/ },
  { options: { apiKey: `${KEY} x` }, message: /another character that no key has/ },
  { options: { apiKey: `${KEY}ü` }, message: /another character that no key has/ },
  { options: { timeoutMs: 0 }, message: /timeoutMs is 0; it is a number of milliseconds from 1 to 2147483647/ },
  { options: { timeoutMs: Number.NaN }, message: /timeoutMs is NaN/ },
  { options: { timeoutMs: 2 ** 31 }, message: /timeoutMs is 2147483648/ },
  { options: { maxRetries: -1 }, message: /maxRetries is -1; it is a whole number, 0 for none/ },
  { options: { maxRetries: 1.5 }, message: /maxRetries is 1\.5/ },
]) {
  test(`${JSON.stringify(options)} is refused with what would be right`, () => {
    assert.throws(
      () => new Parley(options),
      (error) => {
        assert.ok(error instanceof ConfigurationError);
        assert.match(error.message, message);
        assert.doesNotMatch(inspect(error), new RegExp(KEY));
        return true;
      },
    );
  });
}

test("the options of a call are checked before anything is sent", async () => {
  const script = new ScriptedFetch([]);
  const { roundtable } = new Parley({ url: "http://parley.test", apiKey: null, fetch: script.fetch });
  const question = { input: "?", models: ["a"] };
  await assert.rejects(roundtable.create(question, { timeoutMs: -1 }), ConfigurationError);
  await assert.rejects(roundtable.create(question, { maxRetries: 0.5 }), ConfigurationError);
  await assert.rejects(roundtable.create(question, { idempotencyKey: "" }), ConfigurationError);
  await assert.rejects(roundtable.create(question, { idempotencyKey: "a\nb" }), ConfigurationError);
  await assert.rejects(roundtable.create(question, { idempotencyKey: "x".repeat(256) }), ConfigurationError);
  assert.throws(() => roundtable.stream(question, { timeoutMs: 0 }), ConfigurationError);
  assert.equal(script.requests.length, 0);
});

test("the key stands in no printed form of the client or of a stream", () => {
  const client = new Parley({ url: "http://parley.test", apiKey: KEY });
  const stream = client.roundtable.stream({ input: "?", models: ["a"] });
  for (const value of [client, stream, client.compare]) {
    const printed = [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify(value),
      String(value),
    ];
    assert.doesNotMatch(printed.join(), new RegExp(KEY));
  }
});
