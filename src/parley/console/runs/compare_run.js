// A run of POST /v1/chat/compare.
import { signal } from "../html.js";
import { Lane } from "./lane.js";
import { PanelRun, restOf } from "./panel_run.js";

export class CompareRun extends PanelRun {
  constructor(request) {
    const lanes = request.models.map((model, index) => new Lane(index, model));
    const judge = request.skip_comparison ? null : new Lane(null, request.comparison_model ?? "");
    super("v1/chat/compare", request, lanes, judge);
    this.ending = signal(null); // the stream's last event
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
        this.judge.model = event.comparison_model;
        this.judge.add(event.delta);
        break;
      case "done":
        this.finish(event);
        break;
      case "error":
        this.fail(event.error);
        break;
    }
  }

  finish(ending) {
    if (this.judge) {
      const parts = this.lanes.map((lane) => lane.facts.peek());
      const cost = ending.usage ? restOf(ending.total_cost, parts) : null;
      this.judge.model = ending.comparison_model ?? this.judge.model;
      this.judge.finish({ usage: ending.usage, cost, ...this.faultOfEvaluation(ending) });
    }
    this.ending.value = ending;
  }

  // Why there is no evaluation, or only a part of it.
  faultOfEvaluation(ending) {
    const answered = this.lanes.filter((lane) => lane.state.peek() === "done").length;
    if (this.judge.arrived) {
      return ending.error_code ? { error: "The evaluation broke off here.", error_code: ending.error_code } : {};
    }
    if (answered < 2) return { error: "Fewer than two models answered: there was nothing to compare." };
    return { error: "No model could write the evaluation; the answers are complete.", error_code: ending.error_code };
  }
}
