// Runs: what was asked lately, and one of them as a waterfall.
import { html } from "../html.js";
import { TraceList } from "../parts/trace_list.js";
import { TraceView } from "../parts/trace_view.js";
import { place } from "../router.js";
import { ask } from "./ask.js";

export function Runs() {
  const [id] = place.value.rest;
  return id ? html`<${TraceView} key=${id} id=${id} onAsk=${ask} />` : html`<${TraceList} />`;
}
