// Ask: one question to a panel, the answers side by side as they come, and what they come to.
import { ApiError } from "../api.js";
import { draft, edit, faultOf, requestOf } from "../ask_draft.js";
import { duration, money } from "../format.js";
import { html, signal, useEffect, useRef } from "../html.js";
import { AnswerColumn } from "../parts/answer_column.js";
import { AskOptions } from "../parts/ask_options.js";
import { Notice } from "../parts/notice.js";
import { RunButton } from "../parts/run_button.js";
import { SeatsEditor } from "../parts/seats_editor.js";
import { ShowAs } from "../parts/show_as.js";
import { VoteBars } from "../parts/vote_bars.js";
import { RoundtableRun } from "../runs/roundtable_run.js";

const RESOLUTIONS = [
  { name: "summary", title: "Merge", about: "One answer, written by the judge from all of them" },
  { name: "multiple_choice", title: "Vote", about: "Each model picks a choice; the most votes win" },
  { name: "fast", title: "Side by side", about: "The answers as they are" },
];

const ROOM = 120; // pixels: where less of the answers is in sight, as on a phone, the page moves to them

const run = signal(null); // the run on the page; it goes on while another page is looked at
const complaint = signal("");

export function Ask() {
  return html`
    <h1 class="hidden">Ask a panel</h1>
    <${Form} />
    ${run.value && html`<${Outcome} key=${run.value} run=${run.value} />`}
  `;
}

// Asks what stands in the form, or says there what is missing.
export function ask(event) {
  event?.preventDefault();
  complaint.value = faultOf(draft.value);
  if (complaint.value) return;
  run.value?.stop();
  run.value = new RoundtableRun(requestOf(draft.value));
  run.value.start();
}

function Form() {
  const fields = draft.value;
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask(event);
  };
  return html`
    <form class="card ask" onSubmit=${ask} onKeyDown=${keys}>
      <label class="hidden" for="prompt">Question</label>
      <textarea id="prompt" class="prompt" rows="3" placeholder="Ask several models the same thing…" value=${fields.input}
        onInput=${(event) => edit({ input: event.target.value })}></textarea>
      <${SeatsEditor} seats=${fields.seats} onChange=${(seats) => edit({ seats })} />
      <fieldset class="segments">
        <legend class="hidden">What comes of the answers</legend>
        ${RESOLUTIONS.map((each) => html`
          <label title=${each.about}>
            <input type="radio" name="resolution" value=${each.name} checked=${fields.resolution === each.name}
              onChange=${() => edit({ resolution: each.name })} /><span>${each.title}</span>
          </label>
        `)}
      </fieldset>
      <${AskOptions} />
      <div class="actions">
        <${RunButton} run=${run.value} title="Ask" />
        <${ShowAs} />
        <span class="bad-text" role="status">${complaint.value}</span>
      </div>
    </form>
  `;
}

function Outcome({ run }) {
  const result = run.result.value;
  const top = useRef(null);
  useEffect(() => {
    if (top.current?.getBoundingClientRect().top > innerHeight - ROOM) top.current.scrollIntoView();
  }, []);
  if (run.fault.value instanceof ApiError) return html`<${Notice} error=${run.fault.value} />`; // refused: nobody was asked
  return html`
    <p class="hidden" role="status">${progress(run)}</p>
    ${run.fault.value && html`<${Notice} error=${run.fault.value} />`}
    <h2 class="hidden">Answers</h2>
    <section ref=${top} class="answers" aria-label="Answers">${run.lanes.map((lane) => html`<${AnswerColumn} lane=${lane} />`)}</section>
    ${hasMerged(run.judge) && html`
      <section class="verdict-area" aria-label="Merged answer"><h2>Merged <span class="soft small">${result && howMerged(result.meta)}</span></h2><${AnswerColumn} lane=${run.judge} /></section>`}
    ${result?.meta.vote && html`
      <section class="card" aria-label="Vote"><h2>Vote</h2><${VoteBars} result=${result} choices=${run.request.choices} /></section>`}
    ${result && html`<${Totals} meta=${result.meta} />`}
  `;
}

function howMerged(meta) {
  const notes = [
    meta.models_used.length === 1 && "one answer came, and is passed on as it is",
    meta.summary_fallback_used && `the judge failed, and ${meta.summary_model} stepped in`,
    meta.summary_truncated && "the answers were cut evenly to fit the judge's context",
  ];
  return notes.filter(Boolean).join("; ");
}

// Until the judge is stopped or given up before its first word.
const hasMerged = (summary) => summary && (summary.state.value !== "stopped" || summary.text.value);

// For those who hear the page: who is through, without the words that each token brings.
function progress(run) {
  const ended = run.lanes.filter((lane) => !["waiting", "streaming"].includes(lane.state.value)).length;
  if (!run.isRunning.value) return "The panel is done.";
  return `${ended} of ${run.lanes.length} models are through.`;
}

function Totals({ meta }) {
  return html`
    <p class="totals soft small">
      ${duration(meta.total_duration_ms)} · ${money(meta.total_cost)}${meta.cost_complete === false && " (not all prices are known)"}
      ${meta.partial && " · not every seat answered"} · <a href=${`#/runs/${meta.trace_uuid}`}>trace</a>
    </p>
  `;
}
