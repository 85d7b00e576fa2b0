import { existsSync, readFileSync, readdirSync } from "node:fs";

// From build/, where the tests run.
const FOLDER = new URL("../../../contracts/golden/", import.meta.url);

export type Family = "chat" | "compare" | "roundtable";

/** One of the recorded exchanges that all clients and the server share. */
export interface GoldenStream {
  readonly name: string;
  readonly family: Family;
  readonly bytes: Uint8Array;
  /** The JSON of every data line but `[DONE]`. */
  readonly data: Record<string, unknown>[];
}

/** Why the golden files can't be read, false where they can. */
export const missing = existsSync(FOLDER) ? false : `${FOLDER.pathname} is not there: run this in a checkout of Parley`;

export function goldenStreams(): GoldenStream[] {
  if (missing) return [];
  return (["chat", "compare", "roundtable"] as const).flatMap((family) =>
    readdirSync(new URL(family, FOLDER))
      .filter((name) => existsSync(new URL(`${family}/${name}/response.sse`, FOLDER)))
      .map((name) => read(family, name)),
  );
}

/** Return the answer of a plain exchange. */
export function goldenAnswer(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`${path}/response.json`, FOLDER), "utf8"));
}

function read(family: Family, name: string): GoldenStream {
  const bytes = readFileSync(new URL(`${family}/${name}/response.sse`, FOLDER));
  const lines = bytes.toString().split("\n");
  const data = lines.filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
  return { name: `${family}/${name}`, family, bytes, data };
}
