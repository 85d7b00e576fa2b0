// A conversation to write: the system prompt and the turns, in the order in which the models read them.
import { addTurn, draft, edit, removeTurn } from "../compare_draft.js";
import { html } from "../html.js";
import { TurnEditor } from "./turn_editor.js";

export function ConversationEditor() {
  const { system, turns } = draft.value;
  return html`
    <div class="conversation">
      <label class="system">System prompt
        <textarea rows="1" placeholder="None. What is written here holds for the whole conversation." value=${system}
          onInput=${(event) => edit({ system: event.target.value })}></textarea>
      </label>
      <ol class="turns" aria-label="Turns">
        ${turns.map((turn, index) => html`
          <${TurnEditor} key=${turn.id} turn=${turn} index=${index} isLast=${index === turns.length - 1} onRemove=${() => remove(turn, index)} />`)}
      </ol>
      <div class="actions">
        <button type="button" onClick=${() => add("user")}>Add a user turn</button>
        <button type="button" onClick=${() => add("assistant")}>Add an assistant turn</button>
      </div>
    </div>
  `;
}

function add(role) {
  addTurn(role);
  focusTurn(-1);
}

function remove(turn, index) {
  removeTurn(turn.id);
  focusTurn(Math.max(0, index - 1));
}

// Once the page shows the changed turns. -1 is the last one.
export function focusTurn(index) {
  requestAnimationFrame(() => [...document.querySelectorAll(".turn-text")].at(index)?.focus());
}
