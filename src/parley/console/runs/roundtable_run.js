// One request to POST /v3/roundtable and what has come of it so far; pages show its signals.
import { stream } from "../api.js";
import { signal } from "../html.js";
import { Lane } from "./lane.js";

export class RoundtableRun {
  constructor(request) {
    this.request = request;
    this.lanes = request.models.map((seat, index) => new Lane(index, typeof seat === "string" ? seat : seat.name));
    this.summary = request.resolution === "summary" ? new Lane(null, request.summary_model ?? "The judge") : null;
    this.result = signal(null); // the whole answer, as the plain call gives it
    this.fault = signal(null);
    this.isRunning = signal(true);
    this.canceller = new AbortController();
  }

  each(visit) {
    this.lanes.forEach(visit);
    if (this.summary) visit(this.summary);
  }

  async start() {
    try {
      for await (const event of stream("v3/roundtable", this.request, { signal: this.canceller.signal })) this.take(event);
    } catch (error) {
      if (error.name !== "AbortError") this.fault.value = error;
    }
    this.each((lane) => lane.stop());
    this.isRunning.value = false;
  }

  stop() {
    this.canceller.abort();
  }

  take(event) {
    const lane = this.lanes[event.model_index];
    switch (event.type) {
      case "model_delta":
        lane.add(event.delta);
        break;
      case "model_done":
        lane.finish(event, event.data);
        break;
      case "model_error":
        lane.finish(event, event.partial_text);
        break;
      case "summary_delta":
        this.summary.model = event.model;
        this.summary.add(event.delta);
        break;
      case "done":
        this.finish(event);
        break;
      case "error":
        this.fault.value = Object.assign(new Error(event.error), { code: event.error_code, details: event.details });
        break;
    }
  }

  finish(result) {
    for (const found of result.model_results) this.lanes[found.index].learn(found);
    if (this.summary) {
      this.summary.model = result.meta.summary_model ?? result.meta.models_used[0] ?? "The judge";
      const failed = result.meta.summary_error;
      const facts = { usage: result.meta.summary_usage, cost: judgesCost(result), error: failed?.message, error_code: failed?.code };
      this.summary.finish(facts, result.data);
    }
    this.result.value = result;
  }
}

// What the seats leave of the total; null where that can't be known.
function judgesCost({ meta, model_results: seats }) {
  if (!meta.summary_usage) return null;
  const rest = meta.total_cost - seats.reduce((sum, seat) => sum + (seat.cost ?? 0), 0);
  const cost = Number(rest.toFixed(12)); // sums of binary fractions are off by their last digits
  return cost === 0 && meta.cost_complete === false ? null : cost;
}
