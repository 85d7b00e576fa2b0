// A bar for each day, its models stacked; beneath it what the day under the pointer, or all of them, come to.
import { html, useMemo, useSignal } from "../html.js";
import { dayNumber, dayTitle } from "../usage_span.js";
import uPlot from "../vendor/uplot.js";
import { axis, Chart, roomForLabels, tintClass, tintOf } from "./chart.js";

const STEPS_DAYS = [1, 2, 7, 14, 28, 56, 91];
const ROOM_FOR_LINES_PX = 12;
const WHOLE_STEPS = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

// `days` and `series` as daysOf makes them; `show` writes a number of this measure, `brief` writes it for the axis;
// `isWhole`: there are no parts of it.
export function DayChart({ title, days, series, show, brief, isWhole }) {
  const picked = useSignal(null); // the place of a day
  const { data, options } = useMemo(() => {
    picked.value = null;
    return drawing(days, series, { brief, isWhole }, picked);
  }, [days, series]);
  const move = (step, plot) => moveCursor(plot, days.length, picked.value, step);
  const sum = (values) => (picked.value === null ? values.reduce((one, other) => one + other, 0) : values[picked.value]);
  const when = picked.value === null ? `${days.length} days` : dayTitle(days[picked.value], true);
  return html`
    <${Chart} label=${`${title}, ${dayTitle(days[0])} to ${dayTitle(days.at(-1), true)}, a bar a day. Arrow keys go from day to day.`}
      describedBy="day-readout" data=${data} options=${options} onMove=${move} />
    <div id="day-readout" class="readout" role="status">
      <strong>${when}: ${show(series.reduce((all, each) => all + sum(each.values), 0))}</strong>
      <ul>
        ${series.map((each) => html`
          <li><span class=${`dot ${tintClass(each.tint)}`} aria-hidden="true"></span> ${each.name} <span class="soft">${show(sum(each.values))}</span></li>`)}
      </ul>
    </div>
  `;
}

function drawing(days, series, { brief, isWhole }, picked) {
  const numbers = days.map(dayNumber);
  const heights = stacked(series);
  const range = [numbers[0] - 0.6, numbers.at(-1) + 0.6];
  const options = (colour, width) => ({
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: () => range }, y: { range: (_plot, _least, most) => [0, most * 1.08 || 1] } },
    axes: [
      axis(colour, { size: 30, grid: { show: false }, incrs: STEPS_DAYS, space: 64, values: (_plot, splits) => splits.map((number) => titleOf(number, numbers)) }),
      axis(colour, { size: roomForLabels, ...(isWhole && { incrs: WHOLE_STEPS }), values: (_plot, splits) => splits.map(brief) }),
    ],
    series: [{}, ...series.map((each) => bars(colour(tintOf(each.tint)), colour("--paper"), width / days.length)).reverse()],
    hooks: { setCursor: [(plot) => { picked.value = plot.cursor.idx ?? null; }] },
  });
  return { data: [numbers, ...heights.reverse()], options };
}

const titleOf = (number, numbers) => (Number.isInteger(number) && numbers.includes(number) ? dayTitle(new Date(number * 86_400_000).toISOString().slice(0, 10)) : "");

// uPlot draws each bar from the ground: the tallest, which is all of them, comes first and is covered by the others. Null has no bar.
function stacked(series) {
  const ground = Array(series[0]?.values.length ?? 0).fill(0);
  return series.map((each) => each.values.map((value, index) => (ground[index] += value) || null));
}

// A line of the ground parts the models of a bar, unless bars are so narrow that it would hide them.
function bars(fill, gap, room) {
  return { fill, stroke: gap, width: room < ROOM_FOR_LINES_PX ? 0 : 1, points: { show: false }, paths: uPlot.paths.bars({ size: [0.78, 44] }) };
}

function moveCursor(plot, count, from, step) {
  if (step === null) {
    plot.setCursor({ left: -10, top: -10 });
    return;
  }
  const to = Math.min(count - 1, Math.max(0, from === null ? (step > 0 ? 0 : count - 1) : from + step));
  plot.setCursor({ left: plot.valToPos(plot.data[0][to], "x"), top: 1 });
}
