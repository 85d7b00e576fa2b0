// What a call to each model costs against how long it takes: a labelled point a model.
import { duration, money } from "../format.js";
import { html, useMemo, useSignal } from "../html.js";
import { axis, Chart, roomForLabels, tintOf } from "./chart.js";
import { pointsDrawer } from "./labelled_points.js";
import { scaleOf } from "./scatter_scale.js";

const LABEL = { labelFont: "12px system-ui, sans-serif", labelSize: 22, labelGap: 2 };
const MOST_POINTS = 40; // more can't be told apart
const REACH_PX = 40; // a point this near to the pointer is meant

// `models` as modelsOf makes them; those without a time or a cost are named beneath.
export function CostTimeChart({ models }) {
  const known = models.filter((row) => row.latency_p50_ms !== null && row.call_usd !== null);
  const left = models.length - known.length;
  const points = known.slice(0, MOST_POINTS);
  return html`
    ${points.length === 0
      ? html`<p class="soft">Nothing to place yet: no model has both a price and an answer that was not from the cache.</p>`
      : html`<${Points} points=${points} />`}
    ${known.length > MOST_POINTS && html`<p class="soft small">These are the ${MOST_POINTS} dearest of ${known.length} models.</p>`}
    ${left > 0 && points.length > 0 && html`<p class="soft small">${left === 1 ? "One model is" : `${left} models are`} not shown: without a
      known price, or without an answer that was not from the cache.</p>`}
  `;
}

function Points({ points }) {
  const picked = useSignal(null); // the place of a model among `points`
  const key = points.map((row) => [row.model, row.latency_p50_ms, row.call_usd, row.tint].join()).join("\n");
  const { data, options, order } = useMemo(() => {
    picked.value = null;
    return drawing(points, picked);
  }, [key]);
  const move = (step, plot) => {
    const at = order.indexOf(picked.value);
    const to = at < 0 ? (step > 0 ? 0 : order.length - 1) : Math.min(order.length - 1, Math.max(0, at + step));
    picked.value = step === null ? null : order[to];
    plot.redraw(false);
  };
  const chosen = points[picked.value];
  return html`
    <${Chart} label="Cost of a call against its time, a point a model. Arrow keys go from point to point; the table by model has the same figures."
      describedBy="point-readout" height=${320} data=${data} options=${options} onMove=${move} />
    <p id="point-readout" class="readout" role="status">${chosen
      ? html`<strong>${chosen.model}</strong> ${money(chosen.call_usd)} a call, half of them within ${duration(chosen.latency_p50_ms)}`
      : html`<span class="soft">Down and left is better: cheaper and faster.</span>`}</p>
  `;
}

function drawing(points, picked) {
  const times = scaleOf(points.map((row) => row.latency_p50_ms));
  const costs = scaleOf(points.map((row) => row.call_usd));
  const places = points.map((row) => ({ name: row.model, tint: tintOf(row.tint), x: times.place(row.latency_p50_ms), y: costs.place(row.call_usd) }));
  const order = places.map((_, index) => index).sort((one, other) => places[one].x - places[other].x);
  const ticks = (scale, write) => ({ splits: () => scale.ticks.map(scale.place), filter: (_plot, splits) => splits, values: () => scale.ticks.map(write) });
  const options = (colour) => ({
    legend: { show: false },
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: () => times.range }, y: { range: () => costs.range } },
    axes: [
      axis(colour, { ...ticks(times, shortTime), size: 30, label: "Median time of a call", ...LABEL }),
      axis(colour, { ...ticks(costs, shortMoney), size: roomForLabels, label: "Mean cost of a call", ...LABEL }),
    ],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      draw: [pointsDrawer(places, picked, colour)],
      setCursor: [(plot) => point(plot, places, picked)],
    },
  });
  return { data: [order.map((index) => places[index].x), order.map((index) => places[index].y)], options, order };
}

export function shortMoney(usd) {
  if (usd === 0) return "$0";
  const text = String(Number(usd.toPrecision(3)));
  return `$${text.includes("e") ? Number(usd).toFixed(12).replace(/0+$/, "") : text}`;
}

const shortTime = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toPrecision(2))} s`);

function point(plot, places, picked) {
  const { left, top } = plot.cursor;
  if (left < 0) return; // the pointer has left: what the keys chose stays
  const far = places.map((place) => Math.hypot(plot.valToPos(place.x, "x") - left, plot.valToPos(place.y, "y") - top));
  const nearest = far.indexOf(Math.min(...far));
  const found = far[nearest] <= REACH_PX ? nearest : null;
  if (found === picked.peek()) return;
  picked.value = found;
  plot.redraw(false);
}
