// Asking a run's question again: the same request, or another panel.
import { draft, openRequest } from "../ask_draft.js";
import { openRequest as openComparison } from "../compare_draft.js";
import { html, useMemo, useSignal } from "../html.js";
import { go } from "../router.js";
import { requestBehind, requestIds } from "../runs/trace_request.js";
import { Modal } from "./modal.js";
import { SeatsEditor } from "./seats_editor.js";

// `children`: what else can be done with the run.
export function TraceAgain({ trace, onAsk, children }) {
  const ids = requestIds(trace.spans);
  const chosen = useSignal(null);
  const isReplaying = useSignal(false);
  const requestId = ids.includes(chosen.value) ? chosen.value : ids.at(-1);
  const behind = useMemo(() => requestBehind(trace.spans, requestId), [trace, requestId]);
  const open = () => {
    if (behind.comparison) openComparison(behind.comparison);
    else openRequest(withQuestion(behind.body));
    go(behind.comparison ? "compare" : "ask");
  };
  return html`
    <div class="actions">
      ${ids.length > 1 && html`<${RequestChoice} ids=${ids} value=${requestId} onChoose=${(id) => { chosen.value = id; }} />`}
      <button type="button" onClick=${open}>Open again in ${behind.comparison ? "Compare" : "Ask"}</button>
      <button type="button" onClick=${() => { isReplaying.value = true; }}>Replay with another panel…</button>
      ${children}
    </div>
    ${behind.gaps.map((gap) => html`<p class="soft small gap">${gap}</p>`)}
    ${isReplaying.value && html`
      <${Replay} behind=${behind} onAsk=${onAsk} onLeave=${() => { isReplaying.value = false; }} />`}
  `;
}

function RequestChoice({ ids, value, onChoose }) {
  return html`
    <label class="inline">Request
      <select value=${value} onChange=${(event) => onChoose(event.target.value)}>
        ${ids.map((id, index) => html`<option value=${id} selected=${id === value}>${index + 1} of ${ids.length}</option>`)}
      </select>
    </label>
  `;
}

function Replay({ behind, onAsk, onLeave }) {
  const seats = useSignal(behind.body.models.map((seat) => (typeof seat === "string" ? { name: seat } : seat)));
  const isComplete = behind.hasQuestion && (behind.body.resolution !== "multiple_choice" || Boolean(behind.body.choices));
  const open = () => {
    openRequest(withQuestion({ ...behind.body, models: seats.value }));
    go("ask");
  };
  const ask = () => {
    open();
    onAsk();
  };
  return html`
    <${Modal} title="Replay with another panel" name="replay" onLeave=${onLeave}>
      ${behind.hasQuestion && html`<blockquote class="question">${behind.body.input}</blockquote>`}
      <${SeatsEditor} seats=${seats.value} onChange=${(changed) => { seats.value = changed; }} />
      ${!isComplete && html`<p class="soft small">Something of the request is missing here: complete it in the Ask form.</p>`}
      <div class="actions end">
        <button type="button" class=${isComplete ? "" : "primary"} disabled=${seats.value.length === 0} onClick=${open}>Open in Ask</button>
        ${isComplete && html`<button type="button" class="primary" disabled=${seats.value.length === 0} onClick=${ask}>Ask now</button>`}
      </div>
    <//>
  `;
}

// Where the question isn't known, what stands in the form is not taken away.
const withQuestion = (body) => (body.input ? body : { ...body, input: draft.peek().input });
