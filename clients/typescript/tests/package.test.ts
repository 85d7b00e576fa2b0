import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as esm from "parley-client";

const ROOT = new URL("../", import.meta.url);
const require = createRequire(import.meta.url);

test("the version is that of package.json", () => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string };
  assert.equal(esm.VERSION, version);
});

test("CommonJS gets the same names, and a client that works", () => {
  const cjs = require("parley-client") as typeof esm;
  assert.deepEqual(Object.keys(cjs).sort(), Object.keys(esm).sort());
  assert.ok(new cjs.Parley({ url: "http://parley.test", apiKey: null }) instanceof cjs.Parley);
  assert.match(require.resolve("parley-client"), /dist\/cjs\/index\.js$/);
});

test("what is built imports nothing but itself", () => {
  const files = readdirSync(new URL("dist/esm/", ROOT)).filter((name) => name.endsWith(".js"));
  assert.ok(files.length > 10);
  for (const name of files) {
    const text = readFileSync(new URL(`dist/esm/${name}`, ROOT), "utf8");
    for (const [, from] of text.matchAll(/from "([^"]+)"/g)) assert.match(from!, /^\.\/[a-z-]+\.js$/, name);
  }
});

test("every type that is exported is documented", () => {
  const files = readdirSync(new URL("src/", ROOT)).filter((name) => name.endsWith(".ts"));
  for (const name of files) {
    const text = readFileSync(new URL(`src/${name}`, ROOT), "utf8");
    const bare = [...text.matchAll(/(?<!\*\/\n)^export (?:abstract )?(?:class|interface|type) (\w+)/gm)];
    assert.deepEqual(
      bare.map(([, symbol]) => symbol),
      [],
      name,
    );
  }
});
