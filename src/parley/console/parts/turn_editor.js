// One turn of a conversation: who speaks, the text, a user's pictures, and its place among the others.
import { addImages, changeTurn, draft, moveTurn } from "../compare_draft.js";
import { html, useSignal } from "../html.js";
import { readImages } from "../image_files.js";
import { TurnImages } from "./turn_images.js";

const PLACEHOLDERS = {
  user: "Ask the models something; pictures may be pasted or dropped here.",
  assistant: "What a model is to have answered.",
  afterTemplate: "May stay empty: the template begins the conversation.",
};

export function TurnEditor({ turn, index, isLast, onRemove }) {
  const complaint = useSignal("");
  const isOver = useSignal(false);
  const place = `turn ${index + 1}`;
  const isUser = turn.role === "user";
  const mayBeEmpty = draft.value.template && draft.value.turns.length === 1;

  async function attach(files) {
    try {
      const { images, refused } = await readImages(files);
      addImages(turn.id, images);
      complaint.value = refused;
    } catch (error) {
      complaint.value = error.message;
    }
  }

  function take(event, files) {
    if (!isUser || files.length === 0) return;
    event.preventDefault();
    attach(files);
  }

  return html`
    <li class=${`turn turn-${turn.role} ${isOver.value ? "is-over" : ""}`}
      onDragOver=${(event) => { isOver.value = isUser && event.dataTransfer.types.includes("Files"); if (isOver.value) event.preventDefault(); }}
      onDragLeave=${() => { isOver.value = false; }}
      onDrop=${(event) => { isOver.value = false; take(event, [...event.dataTransfer.files]); }}>
      <div class="turn-head">
        <select aria-label=${`Speaker of ${place}`} value=${turn.role} onChange=${(event) => changeTurn(turn.id, { role: event.target.value })}>
          <option value="user">User</option>
          <option value="assistant" disabled=${turn.images.length > 0}>Assistant</option>
        </select>
        <button type="button" class="plain" aria-label=${`Move ${place} up`} disabled=${index === 0} onClick=${() => moveTurn(turn.id, -1)}>↑</button>
        <button type="button" class="plain" aria-label=${`Move ${place} down`} disabled=${isLast} onClick=${() => moveTurn(turn.id, 1)}>↓</button>
        <button type="button" class="plain" aria-label=${`Remove ${place}`} onClick=${onRemove}>×</button>
      </div>
      <textarea class="turn-text" rows="2" aria-label=${`Text of ${place}`} placeholder=${PLACEHOLDERS[mayBeEmpty ? "afterTemplate" : turn.role]} value=${turn.text}
        onInput=${(event) => changeTurn(turn.id, { text: event.target.value })} onPaste=${(event) => take(event, [...event.clipboardData.files])}></textarea>
      ${isUser && html`<${TurnImages} turn=${turn} place=${place} onFiles=${attach} />`}
      <p class="bad-text small" role="status">${complaint.value}</p>
    </li>
  `;
}
