// A uPlot chart as wide as its place, in the colours of the theme; drawn anew when either changes.
import { html, useLayoutEffect, useRef } from "../html.js";
import uPlot from "../vendor/uplot.js";

// `options(colour, width)` returns uPlot's options without size, `colour("--line")` a colour of the theme. Arrow keys move from point to
// point: `onMove(step, plot)` takes -1, 1, or null to leave. Both must be the same functions until the data changes.
export function Chart({ label, describedBy, height = 260, data, options, onMove }) {
  const place = useRef(null);
  const plot = useRef(null);
  useLayoutEffect(() => {
    const box = place.current;
    const draw = () => {
      const width = box.clientWidth;
      plot.current?.destroy();
      plot.current = new uPlot({ ...options(themeColour, width), width, height }, data, box);
    };
    draw();
    const theme = matchMedia("(prefers-color-scheme: dark)");
    const watch = new ResizeObserver(() => box.clientWidth !== plot.current.width && draw());
    theme.addEventListener("change", draw);
    watch.observe(box);
    return () => {
      theme.removeEventListener("change", draw);
      watch.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [data, options]);
  const keys = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Escape: null }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onMove(step, plot.current);
  };
  return html`<div ref=${place} class="chart" role="img" tabindex="0" aria-label=${label} aria-describedby=${describedBy} onKeyDown=${keys}></div>`;
}

const themeColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The colour of a model: its own, or the one that all others share.
export const tintOf = (tint) => (tint === null ? "--soft" : `--seat-${tint}`);
export const tintClass = (tint) => (tint === null ? "seat-rest" : `seat-${tint}`);

// How much room an axis at the side takes for its labels: small sums are long. uPlot asks before there are labels, too.
const LETTER_PX = 7.5; // of the widest digits at 12px
const BESIDE_LABELS_PX = 14; // the tick and the gaps
export const roomForLabels = (_plot, labels) => Math.max(40, BESIDE_LABELS_PX + LETTER_PX * Math.max(0, ...(labels ?? []).map((label) => String(label).length)));

// What axes look like in every chart.
export function axis(colour, more) {
  const line = { stroke: colour("--line"), width: 1 };
  return { stroke: colour("--soft"), font: "12px system-ui, sans-serif", grid: line, ticks: { ...line, size: 4 }, ...more };
}
