// A run on a common axis of time: a table whose rows are requests, seats, judges and tries, each with its bar.
import { duration, money, tokens } from "../format.js";
import { html, useSignal } from "../html.js";
import { ticksOf } from "../runs/trace_rows.js";
import { TraceSpan } from "./trace_span.js";
import { Failure, kindTitle, StateMark } from "./trace_words.js";

const FIRST_SHOWN = 200;
const COLUMNS = 7;

export function Waterfall({ rows, wholeMs }) {
  const showsAll = useSignal(false);
  const opened = useSignal(null);
  const shown = showsAll.value ? rows : rows.slice(0, FIRST_SHOWN);
  const ticks = ticksOf(wholeMs);
  const toggle = (key) => {
    opened.value = opened.value === key ? null : key;
  };
  return html`
    <div class="table-box card" role="region" aria-label="Waterfall" tabindex="0">
      <table class="waterfall" role="table">
        <caption class="hidden">What was called when, from the begin on; a bar turns solid where the first token came</caption>
        <thead role="rowgroup"><tr role="row">
          <th role="columnheader" scope="col">Step</th><th role="columnheader" scope="col">State</th><th role="columnheader" scope="col"><${Axis} ticks=${ticks} wholeMs=${wholeMs} /></th>
          <th role="columnheader" scope="col" class="number">Time</th><th role="columnheader" scope="col" class="number">First token</th>
          <th role="columnheader" scope="col" class="number">Tokens</th><th role="columnheader" scope="col" class="number">Cost</th>
        </tr></thead>
        <tbody role="rowgroup">
          ${shown.map((row) => {
            const key = `${row.requestId} ${row.id}`;
            return html`<${Row} key=${key} row=${row} wholeMs=${wholeMs} ticks=${ticks} isOpen=${opened.value === key} onToggle=${() => toggle(key)} />`;
          })}
        </tbody>
      </table>
    </div>
    ${shown.length < rows.length && html`
      <p><button type="button" onClick=${() => { showsAll.value = true; }}>Show all ${rows.length} steps</button></p>`}
  `;
}

function Row({ row, wholeMs, ticks, isOpen, onToggle }) {
  return html`
    <tr role="row" class=${`row-${row.kind} ${seatClass(row)}`}>
      <th role="rowheader" scope="row"><${Step} row=${row} isOpen=${isOpen} onToggle=${onToggle} /></th>
      <td role="cell"><${StateMark} state=${row.status === "ok" && row.attributes["parley.outcome"] === "partial" ? "partial" : row.status} /></td>
      <td role="cell" class="track"><${Bar} row=${row} wholeMs=${wholeMs} ticks=${ticks} /></td>
      <td role="cell" class="number" data-label="Time">${duration(row.durationMs)}</td>
      <td role="cell" class="number" data-label="First token">${row.firstTokenMs === null ? "–" : duration(row.firstTokenMs)}</td>
      <td role="cell" class="number" data-label="Tokens" title=${row.isEstimate ? "estimated: the provider sent no count" : null}>${row.isEstimate && row.usage && "≈ "}${tokens(row.usage)}</td>
      <td role="cell" class="number" data-label="Cost">${money(row.cost)}</td>
    </tr>
    ${isOpen && html`<tr role="row" class="opened"><td role="cell" colspan=${COLUMNS}><${TraceSpan} row=${row} /></td></tr>`}
  `;
}

function Step({ row, isOpen, onToggle }) {
  return html`
    <div class=${`step depth-${Math.min(row.depth, 3)}`}>
      ${row.kind !== "request" && row.kind !== "attempt" && html`<span class="dot" aria-hidden="true"></span>`}
      <div>
        <button type="button" class="step-name" aria-expanded=${isOpen} onClick=${onToggle}>
          ${row.kind === "request" ? kindTitle(row.title) : row.title}</button>
        ${row.note && html`<div class="soft small">${row.note}</div>`}
        ${row.code && html`<div class=${`small ${row.status === "error" ? "bad-text" : "soft"}`}><${Failure} code=${row.code} isShort=${row.kind === "attempt"} /></div>`}
      </div>
    </div>
  `;
}

// The bar is for the eye; its begin is said in words, as the other columns say the rest.
function Bar({ row, wholeMs, ticks }) {
  const share = (ms) => (wholeMs > 0 ? `${Math.min(100, (100 * ms) / wholeMs)}%` : "0%");
  const writesFrom = row.firstTokenMs === null ? null : Math.min(row.firstTokenMs, row.durationMs);
  const solid = writesFrom === null || row.durationMs <= 0 ? null : `${(100 * writesFrom) / row.durationMs}%`;
  return html`
    <span class="hidden">from ${duration(row.startMs)} on</span>
    <div class="lane" aria-hidden="true">
      ${ticks.map((tick) => html`<i class="grid-line" style=${{ left: share(tick) }}></i>`)}
      <div class=${`span is-${row.status}`} style=${{ left: share(row.startMs), width: share(row.durationMs) }} title=${hint(row)}>
        ${solid !== null && html`<b style=${{ left: solid }}></b>`}
      </div>
    </div>
  `;
}

function hint(row) {
  const first = row.firstTokenMs === null ? "" : `, first token after ${duration(row.firstTokenMs)}`;
  return `${row.title}: from ${duration(row.startMs)} for ${duration(row.durationMs)}${first}`;
}

function Axis({ ticks, wholeMs }) {
  const left = (tick) => (wholeMs > 0 ? `${(100 * tick) / wholeMs}%` : "0%");
  return html`
    <span class="hidden">Time line</span>
    <div class="axis" aria-hidden="true">
      ${ticks.map((tick, index) => html`
        <span class=${index === 0 ? "first" : tick > 0.94 * wholeMs ? "last" : ""} style=${{ left: left(tick) }}>${tick === 0 ? "0" : tickText(tick)}</span>`)}
    </div>
  `;
}

function tickText(ms) {
  if (ms < 1) return `${Number(ms.toPrecision(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Number((ms / 60_000).toFixed(1))} min`;
}

function seatClass(row) {
  if (row.isJudge) return "seat-judge";
  return row.seat === null ? "" : `seat-${row.seat % 8}`;
}
