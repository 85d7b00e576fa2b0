// One run: what it was, its waterfall, and what can be done with it.
import { call } from "../api.js";
import { duration, money, moment, tokens } from "../format.js";
import { html, useEffect, useMemo, useSignal } from "../html.js";
import { go, href } from "../router.js";
import { rowsOf } from "../runs/trace_rows.js";
import { readTrace } from "../runs/trace_reader.js";
import { Confirm } from "./confirm.js";
import { Notice } from "./notice.js";
import { TraceAgain } from "./trace_again.js";
import { Waterfall } from "./trace_waterfall.js";
import { kindTitle, StateMark } from "./trace_words.js";

// `onAsk`: asks what stands in the Ask form.
export function TraceView({ id, onAsk }) {
  const trace = useSignal(null);
  const fault = useSignal(null);
  useEffect(() => {
    const canceller = new AbortController();
    const show = (found) => {
      trace.value = found;
    };
    readTrace(id, show, canceller.signal).catch((error) => {
      if (error.name !== "AbortError") fault.value = error;
    });
    return () => canceller.abort();
  }, []);
  return html`
    <p class="back"><a href=${href("runs")}>← All runs</a></p>
    ${!trace.value && html`<h1 class="hidden">A run</h1>`}
    ${fault.value && html`<${Notice} error=${fault.value} />`}
    ${!trace.value && !fault.value && html`<p class="soft" role="status">Reading the run…</p>`}
    ${trace.value && html`<${Whole} trace=${trace.value} onAsk=${onAsk} />`}
  `;
}

function Whole({ trace, onAsk }) {
  const { rows, wholeMs } = useMemo(() => rowsOf(trace.spans), [trace]);
  const state = trace.status === "ok" && rows.some((row) => row.kind !== "attempt" && row.status !== "ok") ? "partial" : trace.status;
  return html`
    <section class="card trace" aria-labelledby="trace-title">
      <h1 id="trace-title">${kindTitle(trace.name)} <${StateMark} state=${state} /></h1>
      <${Facts} trace=${trace} rows=${rows} />
      <${TraceAgain} trace=${trace} onAsk=${onAsk}>${hasTrace(trace) && html`<${Delete} traceId=${trace.id} />`}<//>
    </section>
    <${Waterfall} rows=${rows} wholeMs=${wholeMs} />
  `;
}

function Facts({ trace, rows }) {
  const calls = rows.filter((row) => ["seat", "judge"].includes(row.kind) && row.usage);
  const used = { input_tokens: sum(calls, "input_tokens"), output_tokens: sum(calls, "output_tokens") };
  const isPriced = calls.every((row) => row.cost !== null);
  const requests = [...new Set(trace.spans.map((span) => span.request_id))];
  return html`
    <dl class="facts">
      <div><dt>Began</dt><dd>${moment(trace.start_time)}</dd></div>
      <div><dt>Time</dt><dd>${duration(trace.duration_ms)}</dd></div>
      <div><dt>Tokens</dt><dd>${calls.length > 0 ? tokens(used) : "–"}</dd></div>
      <div><dt>Cost</dt><dd>${money(calls.reduce((total, row) => total + Number(row.cost ?? 0), 0))}${!isPriced && " and what has no known price"}</dd></div>
      ${hasTrace(trace) && html`<div><dt>Trace</dt><dd><code>${trace.id}</code></dd></div>`}
      <div><dt>${requests.length > 1 ? "Requests" : "Request"}</dt><dd>${requests.length > 3 ? requests.length : html`<code>${requests.join(" ")}</code>`}</dd></div>
    </dl>
  `;
}

// What runs, or was deleted, is known by its request alone.
const hasTrace = (trace) => !trace.id.startsWith("req_");

const sum = (rows, kind) => rows.reduce((total, row) => total + (row.usage[kind] ?? 0), 0);

function Delete({ traceId }) {
  const isAsking = useSignal(false);
  const remove = async () => {
    await call("DELETE", `v3/traces/${encodeURIComponent(traceId)}`);
    go("runs");
  };
  return html`
    <button type="button" class="plain" onClick=${() => { isAsking.value = true; }}>Delete…</button>
    ${isAsking.value && html`
      <${Confirm} title="Delete this trace?" action="Delete" onConfirm=${remove} onLeave=${() => { isAsking.value = false; }}>
        <p>The run disappears from this list for everybody. What it used and cost stays in the ledger.</p>
      <//>`}
  `;
}
