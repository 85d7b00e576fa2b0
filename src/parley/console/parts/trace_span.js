// All that the server keeps about one step: its attributes, and its texts where the operator retains them.
import { html } from "../html.js";
import { messagesOf, textOf } from "../runs/trace_request.js";

const ASKED = "gen_ai.input.messages";
const ANSWERED = "gen_ai.output.messages";

export function TraceSpan({ row }) {
  const known = Object.entries(row.attributes).filter(([name]) => name !== ASKED && name !== ANSWERED);
  return html`
    <div class="span-details">
      ${[...messagesOf(row, ASKED), ...messagesOf(row, ANSWERED)].map((message) => html`<${Said} message=${message} />`)}
      ${known.length === 0
        ? html`<p class="soft small">Nothing more is known until the request has ended.</p>`
        : html`<dl class="attributes">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${text(value)}</dd></div>`)}</dl>`}
    </div>
  `;
}

function Said({ message }) {
  return html`
    <div class="said"><h3>${message.role}</h3><div class="raw" tabindex="0" role="group" aria-label=${`Text of the ${message.role}`}>${textOf(message) || "(no text)"}</div></div>
  `;
}

const text = (value) => (Array.isArray(value) ? value.join(", ") : String(value));
