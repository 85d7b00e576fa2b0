// Compare: one conversation to several models, the answers side by side, and an evaluation of them below.
import { continueWith, draft, edit, faultOf, requestOf } from "../compare_draft.js";
import { duration, money } from "../format.js";
import { html, signal } from "../html.js";
import { AnswerColumn } from "../parts/answer_column.js";
import { CompareOptions } from "../parts/compare_options.js";
import { ComparedModels } from "../parts/compared_models.js";
import { ConversationEditor } from "../parts/conversation_editor.js";
import { Evaluation } from "../parts/evaluation.js";
import { Notice } from "../parts/notice.js";
import { ShowAs } from "../parts/show_as.js";
import { CompareRun } from "../runs/compare_run.js";

const MODES = [
  { skips: false, title: "With an evaluation", about: "One more model weighs the answers; they appear whole" },
  { skips: true, title: "Side by side", about: "The answers as they are written, and nothing else" },
];

const run = signal(null); // the run on the page; it goes on while another page is looked at
const complaint = signal("");

export function Compare() {
  return html`
    <h1 class="hidden">Compare models</h1>
    <${Form} />
    ${run.value && html`<${Outcome} key=${run.value} run=${run.value} />`}
  `;
}

function compare(event) {
  event?.preventDefault();
  complaint.value = faultOf(draft.value);
  if (complaint.value) return;
  run.value?.stop();
  run.value = new CompareRun(requestOf(draft.value));
  run.value.start();
}

function Form() {
  const isRunning = run.value?.isRunning.value ?? false;
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) compare(event);
  };
  return html`
    <form class="card ask compare" onSubmit=${compare} onKeyDown=${keys}>
      <${ConversationEditor} />
      <${ComparedModels} />
      <fieldset class="segments">
        <legend class="hidden">What comes of the answers</legend>
        ${MODES.map((mode) => html`
          <label title=${mode.about}>
            <input type="radio" name="mode" checked=${draft.value.skips === mode.skips} onChange=${() => edit({ skips: mode.skips })} /><span>${mode.title}</span>
          </label>
        `)}
      </fieldset>
      <${CompareOptions} />
      <div class="actions">
        ${isRunning
          ? html`<button type="button" class="danger" onClick=${() => run.value.stop()}>Stop</button>`
          : html`<button class="primary">Compare <kbd>Ctrl ↵</kbd></button>`}
        <${ShowAs} path="v1/chat/compare" body=${() => requestOf(draft.peek())} />
        <span class="bad-text" role="status">${complaint.value}</span>
      </div>
    </form>
  `;
}

function Outcome({ run }) {
  const ending = run.ending.value;
  return html`
    ${run.fault.value && html`<${Notice} error=${run.fault.value} />`}
    <section class="answers" aria-label="Answers">
      ${run.lanes.map((lane) => html`<${AnswerColumn} lane=${lane}><${Continue} lane=${lane} /><//>`)}
    </section>
    ${run.evaluation && html`<${Evaluation} lane=${run.evaluation} isFallback=${ending?.comparison_fallback_used} />`}
    ${ending && html`
      <p class="totals soft small">
        ${duration(ending.total_latency_ms)} · ${money(ending.total_cost)}${ending.partial && " · not every model answered"}
      </p>`}
  `;
}

function Continue({ lane }) {
  if (lane.state.value !== "done") return null;
  const go = () => {
    continueWith(lane.text.value);
    requestAnimationFrame(() => document.querySelector(".turn:last-child textarea")?.focus());
  };
  return html`<footer><button type="button" class="plain" onClick=${go}>Continue with this answer</button></footer>`;
}
