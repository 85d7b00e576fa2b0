// One request to POST /v1/chat/compare and what has come of it so far; pages show its signals.
import { stream } from "../api.js";
import { signal } from "../html.js";
import { Lane } from "./lane.js";

export class CompareRun {
  constructor(request) {
    this.request = request;
    this.lanes = request.models.map((model, index) => new Lane(index, model));
    this.evaluation = request.skip_comparison ? null : new Lane(null, request.comparison_model ?? "");
    this.ending = signal(null); // the stream's last event
    this.fault = signal(null);
    this.isRunning = signal(true);
    this.canceller = new AbortController();
  }

  each(visit) {
    this.lanes.forEach(visit);
    if (this.evaluation) visit(this.evaluation);
  }

  async start() {
    try {
      for await (const event of stream("v1/chat/compare", this.request, { signal: this.canceller.signal })) this.take(event);
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
    const lane = this.lanes.find((each) => each.model === event.model);
    switch (event.event) {
      case "model_chunk":
        lane.add(event.delta);
        break;
      case "model_stream_done":
      case "model_result":
        lane.finish(event, event.content);
        break;
      case "comparison_chunk":
        this.evaluation.model = event.comparison_model;
        this.evaluation.add(event.delta);
        break;
      case "done":
        this.finish(event);
        break;
      case "error":
        this.fault.value = Object.assign(new Error(event.error.message), { code: event.error.code });
        break;
    }
  }

  finish(ending) {
    if (this.evaluation) {
      this.evaluation.model = ending.comparison_model ?? this.evaluation.model;
      this.evaluation.finish({ usage: ending.usage, cost: this.costOfEvaluation(ending), ...this.faultOfEvaluation(ending) });
    }
    this.ending.value = ending;
  }

  // What the models leave of the total.
  costOfEvaluation(ending) {
    const spent = this.lanes.reduce((sum, lane) => sum + (lane.facts.peek().cost ?? 0), 0);
    return ending.usage ? Number((ending.total_cost - spent).toFixed(12)) : null; // binary fractions are off by their last digits
  }

  // Why there is no evaluation, or only a part of it.
  faultOfEvaluation(ending) {
    const answered = this.lanes.filter((lane) => lane.state.peek() === "done").length;
    if (this.evaluation.arrived) {
      return ending.error_code ? { error: "The evaluation broke off here.", error_code: ending.error_code } : {};
    }
    if (answered < 2) return { error: "Fewer than two models answered: there was nothing to compare." };
    return { error: "No model could write the evaluation; the answers are complete.", error_code: ending.error_code };
  }
}
