// Usage as tables: by model with times and failures, by key, by day. They are also what the charts are to a screen reader.
import { count, duration, money } from "../format.js";
import { html } from "../html.js";
import { refine } from "../router.js";
import { dayTotals, flat } from "../usage_figures.js";
import { dayTitle } from "../usage_span.js";
import { tintClass } from "./chart.js";
import { FigureTable } from "./figure_table.js";
import { LatencyBar } from "./latency_bar.js";

const DAYS_AT_ONCE = 7;
const NOTABLE_SHARE = 0.05;
const CALLS = { title: "Calls", of: (row) => row.events, view: (row) => count(row.events) };
const READ = { title: "Tokens in", of: (row) => row.input_tokens, view: (row) => count(row.input_tokens) };
const WRITTEN = { title: "Tokens out", of: (row) => row.output_tokens, view: (row) => count(row.output_tokens) };
const SPEND = { title: "Spend", of: (row) => Number(row.cost_usd), view: (row) => html`<span title=${`$${row.cost_usd}`}>${money(row.cost_usd)}</span>` };
const fileOf = (kind, { from, to }) => `parley-usage-by-${kind}-${from}-to-${to}.csv`;

export const percent = (share) => (share === null ? "–" : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`);

export function ModelTable({ models, span }) {
  const longest = Math.max(1, ...models.map((row) => row.latency_p95_ms ?? 0));
  const name = (row) => html`
    <div class="model-name"><span class=${`dot ${tintClass(row.tint)}`} aria-hidden="true"></span>
      <button type="button" class="plain name" title="Show this model alone" onClick=${() => refine({ model: row.model })}>${row.model}</button></div>`;
  const columns = [
    { title: "Model", isText: true, of: (row) => row.model, view: name },
    CALLS,
    { title: "Failed", of: (row) => row.failed_share, view: failed },
    { title: "Median", of: (row) => row.latency_p50_ms, view: (row) => duration(row.latency_p50_ms) },
    { title: "95 % within", of: (row) => row.latency_p95_ms, view: (row) => html`${duration(row.latency_p95_ms)}<${LatencyBar} row=${row} longest=${longest} />` },
    READ,
    WRITTEN,
    { title: "A call", of: (row) => row.call_usd, view: (row) => money(row.call_usd) },
    { ...SPEND, view: spend },
  ];
  const about = "Times are those of whole calls, retries included, that ended well and did not come from the cache. "
    + "Failed is the part of calls that ended by themselves; cancelled ones are not counted.";
  const fields = ({ tint: _, failed_share, call_usd, ...row }) => flat(row);
  return html`<${FigureTable} title="By model" about=${about} columns=${columns} rows=${models} file=${fileOf("model", span)} fields=${fields} />`;
}

function spend(row) {
  if (row.unpriced === 0) return SPEND.view(row);
  return html`${Number(row.cost_usd) > 0 && SPEND.view(row)}<div class="soft small">${count(row.unpriced)} without a price</div>`;
}

function failed(row) {
  const text = percent(row.failed_share);
  if (!row.outcomes.failed) return text;
  return html`<span class=${row.failed_share >= NOTABLE_SHARE ? "bad-text" : ""}>${text}</span> <span class="soft">(${count(row.outcomes.failed)})</span>`;
}

export function KeyTable({ keys, span }) {
  const name = (row) => html`<button type="button" class="plain name" title=${`Show this key alone: ${row.key_id}`}
    onClick=${() => refine({ key: row.key_id })}>${row.key_name}</button>`;
  const columns = [{ title: "Key", isText: true, of: (row) => row.key_name, view: name }, CALLS, READ, WRITTEN, SPEND];
  return html`<${FigureTable} title="By key" columns=${columns} rows=${keys} file=${fileOf("key", span)} fields=${(row) => row} />`;
}

// The file has each day's models apart, as the chart does.
export function DayTable({ usage, span }) {
  const columns = [{ title: "Day", isText: true, of: (row) => row.day, view: (row) => dayTitle(row.day, true) }, CALLS, READ, WRITTEN, SPEND];
  const perModel = usage.by_day.map((row) => ({ ...row, model: row.model ?? "(all other models)" }));
  const fields = ({ day }) => perModel.filter((row) => row.day === day);
  return html`<${FigureTable} title="By day" about="Days are those of UTC; the file has each day's models apart." columns=${columns}
    rows=${dayTotals(usage)} file=${fileOf("day", span)} fields=${fields} atOnce=${DAYS_AT_ONCE} />`;
}
