// What one more model makes of the answers: its text under the headings that the contract names, side by side where there is room.
import { money, tokens } from "../format.js";
import { html } from "../html.js";
import { Markdown } from "./markdown.js";

const HEADINGS = /^## (?=(?:Accuracy|Completeness|Clarity|Recommendation)\s*$)/m;
const STATES = { waiting: "after the answers", streaming: "writing", done: "done", failed: "failed", stopped: "stopped" };

export function Evaluation({ lane, isFallback }) {
  const state = lane.state.value;
  const facts = lane.facts.value;
  return html`
    <section class="card evaluation seat-judge" aria-label="Evaluation" aria-busy=${state === "streaming"}>
      <header>
        <span class="dot" aria-hidden="true"></span>
        <h2>Evaluation</h2>
        ${lane.model && html`<span class="soft">by ${lane.model}</span>`}
        <span class=${`state ${state}`}>${STATES[state]}</span>
      </header>
      <${Text} text=${lane.text.value} isDone=${lane.isWhole} />
      ${facts.error && html`<div class="notice warn"><p>${facts.error} ${facts.error_code && html`<code>${facts.error_code}</code>`}</p></div>`}
      ${isFallback && lane.text.value && html`<p class="soft small">The model that should have evaluated could not; ${lane.model} stepped in.</p>`}
      ${state === "done" && html`<p class="soft small">${tokens(facts.usage)} tokens · ${money(facts.cost)}</p>`}
    </section>
  `;
}

function Text({ text, isDone }) {
  const [opening, ...sections] = text.split(HEADINGS);
  return html`
    ${opening.trim() && html`<${Markdown} text=${opening} isDone=${isDone} />`}
    ${sections.length > 0 && html`<div class="criteria">${sections.map(section)}</div>`}
  `;

  function section(whole, index) {
    const end = whole.indexOf("\n");
    const [title, body] = end < 0 ? [whole, ""] : [whole.slice(0, end), whole.slice(end + 1)];
    return html`
      <div class=${`criterion ${title.trim() === "Recommendation" ? "recommendation" : ""}`} key=${index}>
        <h3>${title.trim()}</h3>
        <${Markdown} text=${body} isDone=${isDone || index < sections.length - 1} />
      </div>
    `;
  }
}
