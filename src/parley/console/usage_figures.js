// What the Usage page tells, worked out from the answer of POST /v1/usage with a breakdown.
import { dayAt, dayNumber } from "./usage_span.js";

const SHOWN_MODELS = 7; // as many as have a colour of their own
const REST = "other models";

export const MEASURES = [
  { name: "spend", title: "Spend", of: (row) => Number(row.cost_usd) },
  { name: "tokens", title: "Tokens", of: (row) => row.input_tokens + row.output_tokens },
  { name: "calls", title: "Calls", of: (row) => row.events },
];

// The rows of models, with what follows from their numbers; `tint` names the colour that a model has in every chart.
export function modelsOf(usage) {
  return usage.by_model.map((row, index) => ({
    ...row,
    tint: index < SHOWN_MODELS ? index : null,
    failed_share: shareOf(row.outcomes.failed, row.outcomes.ok + row.outcomes.failed),
    call_usd: callCost(row),
  }));
}

// Part of the calls that reached an end of their own: who cancelled one says nothing about the model.
const shareOf = (part, whole) => (whole ? part / whole : null);

export const failedShare = (usage) => shareOf(usage.events.failed, usage.events.ok + usage.events.failed);

// The mean cost of a call that a provider was asked for; null where the price of one isn't known.
function callCost(row) {
  const asked = row.events - row.cached - row.outcomes.running;
  return asked > 0 && row.unpriced === 0 ? Number(row.cost_usd) / asked : null;
}

// {days, series}: each day of the span, and for each model, dearest first, its measure on each of them.
export function daysOf(usage, span, measure) {
  const first = dayNumber(span.from);
  const named = usage.by_model.slice(0, SHOWN_MODELS).map((row) => row.model);
  const series = [...named.map((name, tint) => ({ name, tint })), { name: REST, tint: null }].map((each) => ({ ...each, values: Array(span.days).fill(0) }));
  for (const row of usage.by_day) {
    const place = named.indexOf(row.model);
    series[place < 0 ? named.length : place].values[dayNumber(row.day) - first] += measure.of(row);
  }
  const days = Array.from({ length: span.days }, (_, index) => dayAt(first + index));
  return { days, series: series.filter((each) => each.values.some((value) => value > 0)) };
}

// Each day of the span that had events, all models together, the newest first; money added up in whole picodollars.
export function dayTotals(usage) {
  const found = new Map();
  for (const row of usage.by_day) {
    const sum = found.get(row.day) ?? { day: row.day, events: 0, input_tokens: 0, output_tokens: 0, pico: 0n };
    for (const field of ["events", "input_tokens", "output_tokens"]) sum[field] += row[field];
    sum.pico += picoOf(row.cost_usd);
    found.set(row.day, sum);
  }
  return [...found.values()].reverse().map(({ pico, ...day }) => ({ ...day, cost_usd: usdOf(pico) }));
}

function picoOf(usd) {
  const [whole, part = ""] = usd.split(".");
  return BigInt(whole + part.padEnd(12, "0"));
}

function usdOf(pico) {
  const digits = String(pico).padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, "");
}

// Rows for a file: fields as the API names them, outcomes beside the others.
export const flat = ({ outcomes, ...row }) => ({ ...row, ...outcomes });
