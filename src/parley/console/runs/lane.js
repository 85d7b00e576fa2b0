// One column of a run: a model's answer as it grows, and what is known about it.
import { signal } from "../html.js";
import { onceAFrame } from "./frame.js";

const MOST_PER_FRAME = 6000; // characters: what comes faster is shown over several frames, so that none of them is long

// States: waiting, streaming, done, failed, stopped.
export class Lane {
  constructor(index, model) {
    this.index = index;
    this.model = model;
    this.state = signal("waiting");
    this.text = signal("");
    // What the server says of the seat: usage, cost, error, error_code, finish_reason, schema_valid, duration_ms; and by this
    // device's clock, from the asking on: first_token_ms, time_ms.
    this.facts = signal({});
    this.arrived = "";
    this.startedAt = performance.now();
    this.schedule = onceAFrame(() => this.flush());
  }

  // Takes text that arrived; it is shown with the next frame.
  add(delta) {
    if (this.state.peek() === "waiting") {
      this.state.value = "streaming";
      this.learn({ first_token_ms: this.elapsed() });
    }
    this.arrived += delta;
    this.schedule();
  }

  flush() {
    const shown = this.text.peek().length;
    if (shown === this.arrived.length) return;
    this.text.value = this.arrived.slice(0, shown + MOST_PER_FRAME);
    if (this.text.peek().length < this.arrived.length) this.schedule();
  }

  // Whether the text stands there as it will stay.
  get isWhole() {
    return this.state.value !== "streaming" && this.text.value.length === this.arrived.length;
  }

  elapsed() {
    return Math.round(performance.now() - this.startedAt);
  }

  learn(facts) {
    this.facts.value = { ...this.facts.peek(), ...facts };
  }

  // `answer`: text or a JSON value, in place of what was streamed; undefined keeps the streamed text.
  finish(facts, answer) {
    if (answer !== undefined && answer !== null) this.replace(typeof answer === "string" ? answer : fenced(answer));
    this.flush();
    this.learn({ ...facts, time_ms: this.elapsed() });
    this.state.value = facts.error ? "failed" : "done";
  }

  replace(text) {
    this.arrived = text;
    if (!text.startsWith(this.text.peek())) this.text.value = "";
  }

  stop() {
    this.flush();
    if (this.state.peek() !== "waiting" && this.state.peek() !== "streaming") return;
    this.learn({ time_ms: this.elapsed() });
    this.state.value = "stopped";
  }
}

function fenced(value) {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}
