import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { skipWithout } from "./requirement.js";

const COMMAND = fileURLToPath(new URL("../../../.venv/bin/parley", import.meta.url));

/** Why a test that needs a server is skipped, false if it isn't. */
export const missing = skipWithout(COMMAND, "`make install` in a checkout of Parley");

/** Run a real server with the embedded models until the test ends; return its URL once it is ready. */
export async function startParley(
  context: TestContext,
  toml: string,
  env: Record<string, string> = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "parley-typescript-"));
  writeFileSync(join(folder, "parley.toml"), `${toml}\n[providers.sandbox]\ndialect = "sandbox"\n`);
  const path = process.env["PATH"] ?? "";
  const server = spawn(COMMAND, ["serve", "--port", "0", "--config", "parley.toml", "--json"], {
    cwd: folder,
    env: { PATH: path, PYTHONUNBUFFERED: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(server, "close");
  context.after(async () => {
    server.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true });
  });
  let log = "";
  server.stderr.on("data", (chunk: Buffer) => (log += chunk));
  let said = "";
  for await (const chunk of server.stdout) {
    said += String(chunk);
    const [, url] = /"url": "([^"]+)"/.exec(said) ?? [];
    if (!url) continue;
    server.stdout.resume();
    if ((await fetch(`${url}/readyz`)).ok) return url;
  }
  throw new Error(`The server ended before it was ready: ${log}`);
}
