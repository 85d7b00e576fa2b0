// A run of POST /v3/roundtable.
import { signal } from "../html.js";
import { Lane } from "./lane.js";
import { PanelRun, restOf } from "./panel_run.js";

export class RoundtableRun extends PanelRun {
  constructor(request) {
    const lanes = request.models.map((seat, index) => new Lane(index, typeof seat === "string" ? seat : seat.name));
    const judge = request.resolution === "summary" ? new Lane(null, request.summary_model ?? "The judge") : null;
    super("v3/roundtable", request, lanes, judge);
    this.result = signal(null); // the whole answer, as the plain call gives it
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
        this.judge.model = event.model;
        this.judge.add(event.delta);
        break;
      case "done":
        this.finish(event);
        break;
      case "error":
        this.fail({ message: event.error, code: event.error_code, details: event.details });
        break;
    }
  }

  finish(result) {
    for (const found of result.model_results) this.lanes[found.index].learn(found);
    if (this.judge) {
      this.judge.model = result.meta.summary_model ?? result.meta.models_used[0] ?? "The judge";
      const failed = result.meta.summary_error;
      const facts = { usage: result.meta.summary_usage, cost: judgesCost(result), error: failed?.message, error_code: failed?.code };
      this.judge.finish(facts, result.data);
    }
    this.result.value = result;
  }
}

// What the seats leave of the total; null where that can't be known.
function judgesCost({ meta, model_results: seats }) {
  if (!meta.summary_usage) return null;
  const cost = restOf(meta.total_cost, seats);
  return cost === 0 && meta.cost_complete === false ? null : cost;
}
