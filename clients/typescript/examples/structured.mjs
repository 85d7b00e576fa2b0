// Ask for a value of a type; the schema is Zod's.
import { Parley } from "parley-client";
import { z } from "zod";

const Verdict = z.strictObject({ verdict: z.enum(["yes", "no"]), confidence: z.number() });

const client = new Parley();
const { parsed } = await client.roundtable.parse({
  input: "Is a monolith the better start? Say how sure you are.",
  models: ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
  output: Verdict,
});

console.log(`verdict: ${parsed.verdict}`);
console.log(`confidence: ${parsed.confidence}`);
