// Let three models choose.
import { Parley } from "parley-client";

const client = new Parley();
const answer = await client.roundtable.vote({
  input: "Is a monolith the better start for a team of five?",
  choices: ["yes", "no", "it depends"],
  models: ["sandbox/terse", "sandbox/thorough", "sandbox/contrarian"],
});

for (const { choice, votes } of answer.meta.vote.tally) {
  console.log(`${choice}: ${votes}`);
}
console.log(`winner: ${answer.data}`);
