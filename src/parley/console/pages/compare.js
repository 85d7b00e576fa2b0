// Compare: one conversation to several models, the answers side by side, and an evaluation of them below.
import { continueWith, draft, edit, faultOf, requestOf } from "../compare_draft.js";
import { duration, money } from "../format.js";
import { html, signal } from "../html.js";
import { AnswerColumn } from "../parts/answer_column.js";
import { CompareOptions } from "../parts/compare_options.js";
import { ComparedModels } from "../parts/compared_models.js";
import { ConversationEditor, focusTurn } from "../parts/conversation_editor.js";
import { Evaluation } from "../parts/evaluation.js";
import { Notice } from "../parts/notice.js";
import { RunButton } from "../parts/run_button.js";
import { ShowAs } from "../parts/show_as.js";
import { TraceLink } from "../parts/trace_link.js";
import { CompareRun } from "../runs/compare_run.js";

const MODES = [
  { skips: false, title: "With an evaluation", about: "One more model weighs the answers, which appear when they are whole." },
  { skips: true, title: "Side by side", about: "The answers as they are written, and nothing else." },
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
  const chosen = MODES.find((mode) => mode.skips === draft.value.skips);
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) compare(event);
  };
  return html`
    <form class="card ask compare" onSubmit=${compare} onKeyDown=${keys}>
      <${ConversationEditor} />
      <${ComparedModels} />
      <div class="actions">
        <fieldset class="segments">
          <legend class="hidden">What comes of the answers</legend>
          ${MODES.map((mode) => html`
            <label>
              <input type="radio" name="mode" checked=${mode === chosen} onChange=${() => edit({ skips: mode.skips })} /><span>${mode.title}</span>
            </label>
          `)}
        </fieldset>
        <span class="soft small">${chosen.about}</span>
      </div>
      <${CompareOptions} />
      <div class="actions">
        <${RunButton} run=${run.value} title="Compare" />
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
      <h2 class="hidden">Answers</h2>
      ${run.lanes.map((lane) => html`<${AnswerColumn} lane=${lane}><${Continue} lane=${lane} /><//>`)}
    </section>
    ${run.judge && html`<${Evaluation} lane=${run.judge} isFallback=${ending?.comparison_fallback_used} />`}
    ${ending && html`
      <p class="totals soft small">
        ${duration(ending.total_latency_ms)} · ${money(ending.total_cost)}${ending.partial && " · not every model answered"}
        <${TraceLink} requestId=${run.lanes[0].facts.value.request_id} />
      </p>`}
  `;
}

function Continue({ lane }) {
  if (lane.state.value !== "done") return null;
  const go = () => {
    continueWith(lane.text.value);
    focusTurn(-1);
  };
  return html`<footer><button type="button" class="plain" onClick=${go}>Continue with this answer</button></footer>`;
}
