// One column of a run: a model's answer as it grows, and what is known about it.
import { signal } from "../html.js";

// States: waiting, streaming, done, failed, stopped.
export class Lane {
  constructor(index, model) {
    this.index = index;
    this.model = model;
    this.state = signal("waiting");
    this.text = signal("");
    this.facts = signal({}); // first_token_ms, duration_ms, usage, cost, error, error_code, finish_reason, schema_valid
    this.pending = "";
    this.startedAt = performance.now();
  }

  // Takes text that arrived; it is shown with the next flush.
  add(delta) {
    if (this.state.peek() === "waiting") {
      this.state.value = "streaming";
      this.learn({ first_token_ms: Math.round(performance.now() - this.startedAt) });
    }
    this.pending += delta;
  }

  flush() {
    if (!this.pending) return;
    this.text.value += this.pending;
    this.pending = "";
  }

  learn(facts) {
    this.facts.value = { ...this.facts.peek(), ...facts };
  }

  // `answer`: text or a JSON value, in place of what was streamed; undefined keeps the streamed text.
  finish(facts, answer) {
    this.pending = answer === undefined || answer === null ? this.pending : "";
    if (answer !== undefined && answer !== null) this.text.value = typeof answer === "string" ? answer : fenced(answer);
    this.flush();
    this.learn({ duration_ms: Math.round(performance.now() - this.startedAt), ...facts });
    this.state.value = facts.error ? "failed" : "done";
  }

  stop() {
    this.flush();
    if (this.state.peek() === "waiting" || this.state.peek() === "streaming") this.state.value = "stopped";
  }
}

function fenced(value) {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}
