// What a check has found: each finding with its weight and the next step.
import { ago, count, duration, moment } from "../format.js";
import { html } from "../html.js";
import { Notice } from "./notice.js";

const WORDS = { error: "wrong", warning: "doubtful", note: "fine" };
const KINDS = { error: "bad", warning: "warn", note: "good" };

// `outcome`: {check, at} or {fault}
export function ProviderFindings({ outcome }) {
  if (outcome.fault) return html`<${Notice} error=${outcome.fault} />`;
  const { check, at } = outcome;
  return html`
    <section class="findings" aria-label=${`What the check of ${check.provider} found`}>
      ${check.findings.length === 0 && html`<p><span class="badge good">fine</span> It answers, and lists ${check.listed_models === 1 ? "1 model" : `${count(check.listed_models)} models`}.</p>`}
      <ul>${check.findings.map((finding) => html`<${Finding} finding=${finding} />`)}</ul>
      <p class="soft small">Checked <time datetime=${at} title=${moment(at)}>${ago(at)}</time>, in ${duration(check.duration_ms)}</p>
    </section>
  `;
}

function Finding({ finding }) {
  return html`
    <li>
      <p><span class=${`badge ${KINDS[finding.severity]}`}>${WORDS[finding.severity]}</span> ${finding.message}</p>
      ${finding.next_step && html`<p class="next"><span aria-hidden="true">→ </span><span class="hidden">Next step: </span>${finding.next_step}</p>`}
    </li>
  `;
}
