// How a model's times lie beside the others': dark up to the median, pale up to where 95 % are done. The numbers stand beside it.
import { html } from "../html.js";

export function LatencyBar({ row, longest }) {
  if (row.latency_p95_ms === null) return null;
  const part = (ms) => `${Math.max(0.5, (ms / longest) * 100)}%`;
  return html`
    <svg class=${`latency seat-${row.tint ?? "rest"}`} aria-hidden="true">
      <rect class="p95" width=${part(row.latency_p95_ms)} height="100%" rx="2" />
      <rect class="p50" width=${part(row.latency_p50_ms)} height="100%" rx="2" />
    </svg>
  `;
}
