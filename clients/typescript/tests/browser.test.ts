import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import type * as library from "parley-client";
import { serve } from "./local-server.js";
import { missing, startParley } from "./parley-server.js";
import { skipWithout } from "./requirement.js";

const CHROMIUM = "/usr/bin/chromium";
const ADMIN_KEY = "an-admin-key-for-tests-of-forty-letters-";
const BUILD = new URL("../dist/esm/", import.meta.url);
const skip = missing || skipWithout(CHROMIUM, "install Chromium (Debian: apt-get install chromium)");

const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** What the page does: it runs in the browser, with the library and the server's address. */
async function visit({ module, url, apiKey }: { module: string; url: string; apiKey: string }) {
  const { APIError, Parley } = (await import(module)) as typeof library;
  const client = new Parley({ url, apiKey });
  const models = ["sandbox/terse?tps=0", "sandbox/thorough?tps=0"];
  const answer = await client.roundtable.create({ input: "What is 6 times 7?", models });

  const stream = client.compare.stream({ models, messages: [{ role: "user", content: "What is 6 times 7?" }] });
  let text = "";
  for await (const delta of stream.textDeltas()) text += delta.text;
  const final = await stream.final();

  const endless = client.roundtable.stream({ input: "What is 6 times 7?", models: ["sandbox/chatty"] });
  let seen = 0;
  for await (const event of endless) if (event.type === "model_delta" && ++seen === 3) break;

  const error: unknown = await client.models.get("nobody/nothing").catch((cause: unknown) => cause);
  const refused: unknown = await new Parley({ url, apiKey: "wrong" }).models.list().catch((cause: unknown) => cause);
  const facts = [error, refused].map(
    (cause) => cause instanceof APIError && [cause.status, cause.code, cause.requestId],
  );
  return { data: answer.data, text, comparison: final.comparison, requestId: stream.requestId, seen, facts };
}

test("a page of another origin asks, streams, breaks off and reads errors in Chromium", { skip }, async (context) => {
  const origin = await serve(context, (request, response) => {
    const name = /^\/([a-z-]+\.js)$/.exec(request.url ?? "")?.[1];
    response.setHeader("Content-Type", name ? "text/javascript" : "text/html");
    response.end(name ? readFileSync(new URL(name, BUILD)) : "<!doctype html><title>A page</title>");
  });
  const url = await startParley(context, `[server]\ncors_origins = ["${origin}"]`, { PARLEY_ADMIN_KEY: ADMIN_KEY });
  const folder = mkdtempSync(join(tmpdir(), "parley-chromium-"));
  const browser = await chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, args: ARGUMENTS });
  context.after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(origin);
  const seen = await page.evaluate(visit, { module: `${origin}/index.js`, url, apiKey: ADMIN_KEY });

  assert.match(seen.data!, /42/);
  assert.ok(seen.comparison);
  assert.equal(seen.text, seen.comparison);
  assert.match(seen.requestId!, /^req_/);
  assert.equal(seen.seen, 3);
  assert.deepEqual(
    seen.facts.map((fact) => fact && fact.slice(0, 2)),
    [
      [404, "model_not_found"],
      [401, "unauthorized"],
    ],
  );
  for (const fact of seen.facts) assert.match(String(fact && fact[2]), /^req_/);
  assert.deepEqual(complaints, []);
  assert.ok(fileURLToPath(BUILD).endsWith("dist/esm/"));
});
