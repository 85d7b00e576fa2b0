import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test, type TestContext } from "node:test";
import { APIError, ConnectionError, Parley, ParleyError, TimeoutError } from "parley-client";
import { goldenAnswer, missing } from "./golden.js";
import { serve } from "./local-server.js";

const QUESTION = { input: "?", models: ["a"] };
const KEY = "parley_planted_secret";

/** Ask a server that answers with `status`, `headers` and `body`, and return the error. */
async function errorOf(
  context: TestContext,
  status: number,
  headers: Record<string, string>,
  body: string,
): Promise<APIError> {
  const url = await serve(context, (_, response) => response.writeHead(status, headers).end(body));
  const error = await new Parley({ url, apiKey: KEY, maxRetries: 0 }).roundtable
    .create(QUESTION)
    .catch((cause) => cause);
  assert.ok(error instanceof APIError && error instanceof ParleyError, inspect(error));
  assert.doesNotMatch(inspect(error, { showHidden: true, depth: 9 }), new RegExp(KEY));
  return error;
}

test("an error has all that the envelope says", { skip: missing }, async (context) => {
  const body = goldenAnswer("roundtable/total_failure") as { error: { details: unknown[]; message: string } };
  const error = await errorOf(context, 502, { "Content-Type": "application/json" }, JSON.stringify(body));
  assert.equal(error.name, "APIError");
  assert.equal(error.status, 502);
  assert.equal(error.code, "all_models_failed");
  assert.equal(error.message, body.error.message);
  assert.equal(error.param, null);
  assert.deepEqual(error.details, body.error.details);
  assert.equal(error.providerError, null);
  assert.equal(error.retryAfter, 500);
  assert.equal(error.requestId, "req_00000000000000000000000000");
});

test("an error names the field and the provider's own words", async (context) => {
  const body = { error: { code: "invalid_request", message: "No.", param: "models", provider_error: { type: "x" } } };
  const error = await errorOf(context, 422, { "X-Request-Id": "req_head" }, JSON.stringify(body));
  assert.deepEqual([error.param, error.providerError, error.requestId], ["models", { type: "x" }, "req_head"]);
});

for (const { about, status, type, body, message } of [
  { about: "a sentence", status: 400, type: "application/json", body: '{"error": "No."}', message: /^No\.$/ },
  {
    about: "a proxy's page",
    status: 502,
    type: "text/html",
    body: "<html>Bad Gateway</html>",
    message: /502 with text\/html/,
  },
  { about: "nothing", status: 504, type: "text/plain", body: "", message: /504 with text\/plain/ },
  {
    about: "JSON of another kind",
    status: 500,
    type: "application/json",
    body: "[1]",
    message: /500 with application/,
  },
  { about: "half an envelope", status: 500, type: "application/json", body: '{"error": {"co', message: /500 with/ },
  { about: "a redirect", status: 308, type: "text/plain", body: "", message: /308, a redirect/ },
]) {
  test(`an error of which the body is ${about} has its status, and a message of its own`, async (context) => {
    const headers = { "Content-Type": type, "X-Request-Id": "req_head", Location: "http://127.0.0.1:9/" };
    const error = await errorOf(context, status, headers, body);
    assert.equal(error.status, status);
    assert.equal(error.code, null);
    assert.match(error.message, message);
    assert.equal(error.requestId, "req_head");
  });
}

test("an error may be long", async (context) => {
  const long = "x".repeat(5_000_000);
  const error = await errorOf(context, 400, {}, JSON.stringify({ error: { code: "x", message: long } }));
  assert.equal(error.message.length, long.length);
});

test("a stream that is refused raises the same error", async (context) => {
  const body = JSON.stringify({ error: { code: "unauthorized", message: "No key." }, request_id: "req_1" });
  const url = await serve(context, (_, response) => response.writeHead(401).end(body));
  const stream = new Parley({ url, apiKey: null }).chat.completions.stream({ model: "a" });
  await assert.rejects(stream.final(), { name: "APIError", status: 401, code: "unauthorized", requestId: "req_1" });
});

test("no connection is a ConnectionError that says where and why", async () => {
  const client = new Parley({ url: "http://127.0.0.1:9", apiKey: KEY, maxRetries: 0 });
  const error = await client.models.list().catch((cause) => cause);
  assert.ok(error instanceof ConnectionError && !(error instanceof TimeoutError));
  assert.match(error.message, /^No answer came from http:\/\/127\.0\.0\.1:9 \((ECONNREFUSED|bad port)\)/);
});

test("an answer that is cut off, empty or none of Parley is a ConnectionError", async (context) => {
  for (const body of ['{"id": "rt_1", "da', "", "<html>Welcome</html>", "42", "null", "[]"]) {
    const url = await serve(context, (_, response) => response.end(body));
    const call = new Parley({ url, apiKey: null, maxRetries: 0 }).roundtable.create(QUESTION);
    await assert.rejects(call, { name: "ConnectionError" }, body);
  }
  const url = await serve(context, (_, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write('{"id": "rt_1"}', () => response.destroy());
  });
  await assert.rejects(new Parley({ url, apiKey: null, maxRetries: 0 }).roundtable.create(QUESTION), ConnectionError);
});

test("an answer may be of many megabytes", async (context) => {
  const data = "ü€😀".repeat(1_000_000);
  const url = await serve(context, (_, response) => response.end(JSON.stringify({ id: "rt_1", data })));
  const answer = await new Parley({ url, apiKey: null }).roundtable.create(QUESTION);
  assert.equal(answer.data, data);
});
