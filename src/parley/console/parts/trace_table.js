// Runs as rows: when, what, who was asked, how it ended, what it took.
import { duration, money, moment, tokens } from "../format.js";
import { html } from "../html.js";
import { go, href } from "../router.js";
import { me } from "../session.js";
import { kindTitle, StateMark } from "./trace_words.js";

const MOST_MODELS = 6;

export function TraceTable({ traces, isLoading }) {
  return html`
    <div class="table-box card" role="region" aria-label="Runs, newest first" tabindex="0" aria-busy=${isLoading}>
      <table class="runs" role="table">
        <caption class="hidden">Runs, newest first</caption>
        <thead role="rowgroup"><tr role="row">
          <th role="columnheader" scope="col">Began</th><th role="columnheader" scope="col">What</th><th role="columnheader" scope="col">Models</th><th role="columnheader" scope="col">State</th>
          <th role="columnheader" scope="col" class="number">Time</th><th role="columnheader" scope="col" class="number">Tokens</th><th role="columnheader" scope="col" class="number">Cost</th>
        </tr></thead>
        <tbody role="rowgroup">${traces.map((trace) => html`<${Row} key=${trace.id} trace=${trace} />`)}</tbody>
      </table>
    </div>
  `;
}

function Row({ trace }) {
  const { calls } = trace;
  const open = (event) => {
    // The link is for the keyboard and for new tabs; the rest of the row is a larger target, unless text is being marked.
    if (!event.target.closest("a") && String(getSelection()) === "") go("runs", trace.id);
  };
  const isPriced = calls.every((call) => call.cost_complete);
  return html`
    <tr role="row" onClick=${open}>
      <td role="cell" class="began"><a href=${href("runs", trace.id)} title=${moment(trace.start_time)}>${shortMoment(trace.start_time)}</a></td>
      <td role="cell" class="what">${kindTitle(trace.name)}${me.value.admin && html`<div class="soft small">${keyNames(calls)}</div>`}</td>
      <td role="cell"><${Models} calls=${calls} ending=${trace.status === "cancelled" ? "stopped" : "failed"} /></td>
      <td role="cell"><${StateMark} state=${stateOf(trace)} /></td>
      <td role="cell" class="number">${duration(trace.duration_ms)}</td>
      <td role="cell" class="number">${calls.length > 0 ? tokens({ input_tokens: sum(calls, "input_tokens"), output_tokens: sum(calls, "output_tokens") }) : "–"}</td>
      <td role="cell" class="number" title=${isPriced ? null : "not all prices are known"}>${calls.length > 0 ? money(sum(calls, "cost_usd")) : "–"}${!isPriced && "+"}</td>
    </tr>
  `;
}

function Models({ calls, ending }) {
  const shown = calls.slice(0, MOST_MODELS);
  return html`
    <ul class="called">
      ${shown.map((call, index) => html`
        <li class=${call.role === "consolidation" ? "seat-judge" : `seat-${index % 8}`}>
          <span class="dot" aria-hidden="true"></span>
          <span>${call.model}${call.calls > 1 && ` × ${call.calls}`}
            ${call.role === "consolidation" && html` <span class="soft">judge</span>`}
            ${call.failed_calls > 0 && html` <span class="bad-text">${call.failed_calls < call.calls && `${call.failed_calls} `}${ending}</span>`}</span>
        </li>
      `)}
      ${calls.length > MOST_MODELS && html`<li class="soft">and ${calls.length - MOST_MODELS} more</li>`}
    </ul>
  `;
}

function stateOf(trace) {
  return trace.status === "ok" && trace.calls.some((call) => call.failed_calls > 0) ? "partial" : trace.status;
}

const keyNames = (calls) => [...new Set(calls.map((call) => call.key_name))].join(", ");

const sum = (calls, field) => calls.reduce((total, call) => total + Number(call[field]), 0);

// "22 Nov, 08:54:02", with the year where it isn't this one.
function shortMoment(time) {
  const when = new Date(time);
  const year = when.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  return when.toLocaleString("en-GB", { day: "numeric", month: "short", ...year, hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
