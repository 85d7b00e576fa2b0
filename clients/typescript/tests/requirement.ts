import { existsSync } from "node:fs";

/** Return why a test is skipped, false if `path` is there; with PARLEY_REQUIRE_ALL it is never skipped. */
export function skipWithout(path: string, advice: string): string | false {
  if (existsSync(path) || process.env["PARLEY_REQUIRE_ALL"]) return false;
  return `${path} is not there: ${advice}`;
}
