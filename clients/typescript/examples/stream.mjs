// Print the text of each model as it comes, then the cost of it all.
import { Parley } from "parley-client";

const client = new Parley();
const stream = client.roundtable.stream({
  input: "Should a small team start with a monolith?",
  models: ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
});

for await (const { model, text, isSummary } of stream.textDeltas()) {
  console.log(`${isSummary ? "summary" : model}: ${text}`);
}
const answer = await stream.final();
console.log(`cost: ${answer.meta.total_cost} USD`);
