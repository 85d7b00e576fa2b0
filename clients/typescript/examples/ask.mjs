// Ask three models and print what they agree on.
import { Parley } from "parley-client";

const client = new Parley();
const answer = await client.roundtable.create({
  input: "Should a small team start with a monolith?",
  models: ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
});

for (const seat of answer.model_results) {
  console.log(`${seat.model}: ${seat.data ?? seat.error}`);
}
console.log(`summary: ${answer.data}`);
console.log(`cost: ${answer.meta.total_cost} USD`);
