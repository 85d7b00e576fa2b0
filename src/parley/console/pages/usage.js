// Usage: what was spent, by day, by model and by key, how long models take and how often they fail. The place holds the filters.
import { post } from "../api.js";
import { count, money } from "../format.js";
import { html, useEffect, useMemo, useSignal } from "../html.js";
import { shortMoney, CostTimeChart } from "../parts/cost_time_chart.js";
import { DayChart } from "../parts/day_chart.js";
import { Notice } from "../parts/notice.js";
import { SpanChooser } from "../parts/span_chooser.js";
import { DayTable, KeyTable, ModelTable, percent } from "../parts/usage_tables.js";
import { href, place, refine } from "../router.js";
import { me } from "../session.js";
import { daysOf, failedShare, MEASURES, modelsOf } from "../usage_figures.js";
import { boundsOf, dayTitle, spanOf } from "../usage_span.js";

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const brief = (number) => compact.format(number);
const WRITERS = { spend: { show: money, brief: shortMoney }, tokens: { show: count, brief, isWhole: true }, calls: { show: count, brief, isWhole: true } };

export function Usage() {
  const query = place.value.query;
  const span = spanOf(query);
  const wanted = JSON.stringify({ ...boundsOfSafe(span), key_id: query.get("key"), model: query.get("model"), breakdown: true });
  const { usage, fault, isLoading, reload } = useUsage(span.fault ? null : wanted);
  return html`
    <div class="page-head">
      <h1>Usage</h1>
      <button type="button" onClick=${reload} disabled=${isLoading}>Refresh</button>
    </div>
    <${SpanChooser} span=${span} />
    <${Narrowed} query=${query} usage=${usage} />
    ${span.fault && html`<${Notice} error=${new Error(span.fault)} />`}
    ${fault && html`<${Notice} error=${fault} />`}
    ${isLoading && !usage && html`<p class="soft" role="status">Adding up…</p>`}
    ${usage && !span.fault && !fault && html`<div class="usage" aria-busy=${isLoading}>
      ${usage.events.total === 0 ? html`<${Nothing} span=${span} />` : html`<${Figures} usage=${usage} span=${usage.span} />`}</div>`}
  `;
}

const boundsOfSafe = (span) => (span.fault ? {} : boundsOf(span));

// Asks anew whenever `wanted`, a body as JSON, changes; what was found before stays until the answer has come.
function useUsage(wanted) {
  const usage = useSignal(null);
  const fault = useSignal(null);
  const isLoading = useSignal(false);
  const round = useSignal(0);
  useEffect(() => {
    isLoading.value = wanted !== null;
    if (wanted === null) return undefined;
    const canceller = new AbortController();
    load(JSON.parse(wanted), canceller.signal, { usage, fault, isLoading });
    return () => canceller.abort();
  }, [wanted, round.value]);
  const reload = () => { round.value += 1; };
  return { usage: usage.value, fault: fault.value, isLoading: isLoading.value, reload };
}

async function load(body, signal, { usage, fault, isLoading }) {
  try {
    const found = await post("v1/usage", body, { signal });
    usage.value = { ...found, span: spanOf(new URLSearchParams({ from: body.since.slice(0, 10), to: lastDay(body.until) })) };
    fault.value = null;
  } catch (error) {
    if (error.name === "AbortError") return; // the next question is on its way
    fault.value = error;
  }
  isLoading.value = false;
}

const lastDay = (until) => new Date(Date.parse(until) - 1).toISOString().slice(0, 10);

// The filters beside the span, each with a way out of it.
function Narrowed({ query, usage }) {
  const key = query.get("key");
  const model = query.get("model");
  if (!key && !model) return null;
  const name = usage?.by_key.find((row) => row.key_id === key)?.key_name ?? key;
  const chip = (title, field) => html`
    <span class="chip"><span>${title}</span><button type="button" class="chip-x" aria-label=${`Show all, not only ${title}`}
      onClick=${() => refine({ [field]: "" })}>×</button></span>`;
  return html`<div class="filters"><span class="soft small">Only</span> ${model && chip(model, "model")} ${key && chip(name, "key")}</div>`;
}

function Nothing({ span }) {
  return html`
    <section class="card"><p>Nothing was used from ${dayTitle(span.from)} to ${dayTitle(span.to, true)} (UTC)${
      place.value.query.has("model") || place.value.query.has("key") ? " under this filter" : ""}.</p>
      <p class="soft"><a href=${href("ask")}>Ask a panel</a>, or choose more days.</p></section>
  `;
}

function Figures({ usage, span }) {
  const models = useMemo(() => modelsOf(usage), [usage]);
  return html`
    <${Tiles} usage=${usage} />
    <${Days} usage=${usage} span=${span} />
    <section class="card" aria-labelledby="cost-time"><h2 id="cost-time">Cost against time</h2><${CostTimeChart} models=${models} /></section>
    <${ModelTable} models=${models} span=${span} />
    ${me.value.admin && html`<${KeyTable} keys=${usage.by_key} span=${span} />`}
    <${DayTable} usage=${usage} span=${span} />
  `;
}

function Tiles({ usage }) {
  const { events, requests, tokens } = usage;
  const tiles = [
    { title: "Spend", value: money(usage.total_cost_usd), more: usage.cost_complete ? `exactly $${usage.total_cost_usd}` : "not all prices are known" },
    { title: "Calls", value: count(events.total), more: `of ${count(requests.total)} ${requests.total === 1 ? "request" : "requests"}` },
    { title: "Tokens", value: brief(tokens.input_tokens + tokens.output_tokens), more: `${count(tokens.input_tokens)} in, ${count(tokens.output_tokens)} out` },
    { title: "Failed", value: percent(failedShare(usage)), more: `${count(events.failed)} failed, ${count(events.cancelled + events.abandoned)} cut short` },
  ];
  return html`<dl class="tiles">${tiles.map((tile) => html`
    <div class="card"><dt>${tile.title}</dt><dd>${tile.value}</dd><dd class="soft small">${tile.more}</dd></div>`)}</dl>`;
}

function Days({ usage, span }) {
  const name = place.value.query.get("measure");
  const measure = MEASURES.find((each) => each.name === name) ?? MEASURES[0];
  const { days, series } = useMemo(() => daysOf(usage, span, measure), [usage, measure]);
  const choose = (each) => refine({ measure: each === MEASURES[0] ? "" : each.name });
  return html`
    <section class="card" aria-label="By day, chart">
      <div class="page-head">
        <h2>${measure.title} a day</h2>
        <fieldset class="segments">
          <legend class="hidden">What is counted</legend>
          ${MEASURES.map((each) => html`
            <label><input type="radio" name="measure" checked=${each === measure} onChange=${() => choose(each)} /><span>${each.title}</span></label>`)}
        </fieldset>
      </div>
      ${series.length === 0
        ? html`<p class="soft">All of it was free of charge, or has no known price: look at tokens or calls.</p>`
        : html`<${DayChart} title=${`${measure.title} a day`} days=${days} series=${series} ...${WRITERS[measure.name]} />`}
    </section>
  `;
}
