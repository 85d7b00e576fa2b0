// Put three answers side by side, with an evaluation.
import { APIError, Parley } from "parley-client";

const client = new Parley();
try {
  const comparison = await client.compare.create({
    models: ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
    messages: [{ role: "user", content: "Should a small team start with a monolith?" }],
  });
  for (const result of comparison.results) {
    console.log(`${result.model}: ${result.content ?? result.error}`);
  }
  console.log(comparison.comparison);
} catch (error) {
  if (!(error instanceof APIError)) throw error;
  console.error(`${error.code} in request ${error.requestId}: ${error.message}`);
  process.exitCode = 1;
}
