// One model's answer beside the others: who, how far, the text, and what it took.
import { duration, money, tokens } from "../format.js";
import { html } from "../html.js";
import { AnswerNotes } from "./answer_notes.js";
import { CopyButton } from "./copy_button.js";
import { Markdown } from "./markdown.js";

const STATES = { waiting: "waiting", streaming: "writing", done: "done", failed: "failed", stopped: "stopped" };

const LONG = 1000;

// `children` stand below the figures.
export function AnswerColumn({ lane, children }) {
  const state = lane.state.value;
  const facts = lane.facts.value;
  const isLong = lane.text.value.length > LONG; // may scroll, and must do so by keyboard too
  const seat = lane.index === null ? "judge" : lane.index % 8;
  return html`
    <article class=${`answer seat-${seat} is-${state}`} aria-label=${lane.model} aria-busy=${state === "waiting" || state === "streaming"}>
      <header>
        <span class="dot" aria-hidden="true"></span>
        <h3>${lane.model}</h3>
        <span class=${`state ${state}`}>${STATES[state]}</span>
      </header>
      <div class="answer-body" ...${isLong ? { tabindex: 0, role: "group", "aria-label": `Answer of ${lane.model}` } : {}}>
        ${lane.text.value && html`<${Markdown} text=${lane.text.value} isDone=${lane.isWhole} />`}
        ${facts.error && html`<div class="notice bad"><p>${facts.error}</p><p class="small soft"><code>${facts.error_code}</code></p></div>`}
        ${facts.schema_error && html`<div class="notice warn"><p>Does not fit the schema: ${facts.schema_error}</p></div>`}
        <${AnswerNotes} facts=${facts} />
        ${state === "waiting" && html`<div class="waiting" aria-hidden="true"><i></i><i></i><i></i></div>`}
      </div>
      <div class="foot">
        <dl class="facts">
          <div><dt>First token</dt><dd>${duration(facts.first_token_ms)}</dd></div>
          <div><dt>Time</dt><dd>${duration(facts.time_ms)}</dd></div>
          <div><dt>Tokens</dt><dd>${tokens(facts.usage)}</dd></div>
          <div><dt>Cost</dt><dd>${money(facts.cost)}</dd></div>
        </dl>
        ${lane.text.value && lane.isWhole && html`<${CopyButton} text=${lane.text.value} name=${`Copy the answer of ${lane.model}`} />`}
      </div>
      ${children}
    </article>
  `;
}
