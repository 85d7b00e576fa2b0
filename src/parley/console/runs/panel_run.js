// One streamed request to several models and what has come of it so far; pages show its signals.
import { stream } from "../api.js";
import { signal } from "../html.js";

// `path` is where the request goes, `lanes` are its models in order, `judge` is the lane of who comes after them or null.
// A kind of run has its own `take(event)`.
export class PanelRun {
  constructor(path, request, lanes, judge) {
    this.path = path;
    this.request = request;
    this.lanes = lanes;
    this.judge = judge;
    this.fault = signal(null);
    this.isRunning = signal(true);
    this.canceller = new AbortController();
  }

  each(visit) {
    this.lanes.forEach(visit);
    if (this.judge) visit(this.judge);
  }

  async start() {
    try {
      for await (const event of stream(this.path, this.request, { signal: this.canceller.signal })) this.take(event);
    } catch (error) {
      if (error.name !== "AbortError") this.fault.value = error;
    }
    this.each((lane) => lane.stop());
    this.isRunning.value = false;
  }

  stop() {
    this.canceller.abort();
  }

  fail({ message, code, details }) {
    this.fault.value = Object.assign(new Error(message), { code, details });
  }
}

// What `parts` leave of `total`: sums of binary fractions are off by their last digits.
export function restOf(total, parts) {
  return Number((total - parts.reduce((sum, part) => sum + (part.cost ?? 0), 0)).toFixed(12));
}
