// The less often used fields of the Ask form: choices, instructions, judge, schema, deadlines.
import { draft, edit } from "../ask_draft.js";
import { html } from "../html.js";
import { ModelNames } from "./model_names.js";
import { SchemaEditor } from "./schema_editor.js";

export function AskOptions() {
  const fields = draft.value;
  const isVote = fields.resolution === "multiple_choice";
  const set = setOptions(fields);
  return html`
    ${isVote && html`<${Choices} choices=${fields.choices} />`}
    <details class="options">
      <summary>Options${set.length > 0 && html`<span class="set">: ${set.join(", ")}</span>`}</summary>
      <div class="grid">
        <label class="wide">Instructions
          <textarea rows="2" placeholder="A system prompt for every model" value=${fields.instructions}
            onInput=${(event) => edit({ instructions: event.target.value })}></textarea>
        </label>
        ${fields.resolution !== "fast" && html`
          <label>${isVote ? "Who settles a tie" : "Judge"}
            <input list="judges" placeholder="default" value=${fields.judge} onInput=${(event) => edit({ judge: event.target.value.trim() })} />
            <${ModelNames} id="judges" />
          </label>`}
        <${NumberField} name="timeout_ms" title="Time per seat, ms" most="300000" least="1" />
        <${NumberField} name="max_retries" title="Second tries per seat" most="3" least="0" />
        ${!isVote && html`<${SchemaEditor} />`}
      </div>
    </details>
  `;
}

// What the closed box would hide.
function setOptions(fields) {
  return [
    fields.instructions.trim() && "instructions",
    fields.judge && fields.resolution !== "fast" && `judge ${fields.judge}`,
    fields.timeout_ms !== "" && "time per seat",
    fields.max_retries !== "" && "second tries",
    fields.schema.trim() && fields.resolution !== "multiple_choice" && "schema",
  ].filter(Boolean);
}

function NumberField({ name, title, least, most }) {
  return html`
    <label>${title}
      <input type="number" min=${least} max=${most} placeholder="default" value=${draft.value[name]}
        onInput=${(event) => edit({ [name]: event.target.value })} />
    </label>
  `;
}

function Choices({ choices }) {
  const change = (next) => edit({ choices: next });
  return html`
    <fieldset class="choices">
      <legend class="label">Choices</legend>
      ${choices.map((choice, index) => html`
        <span class="choice-row">
          <input aria-label=${`Choice ${index + 1}`} value=${choice} maxlength="1000"
            onInput=${(event) => change(choices.map((old, at) => (at === index ? event.target.value : old)))} />
          <button type="button" class="chip-x" aria-label=${`Remove choice ${index + 1}`} disabled=${choices.length <= 2}
            onClick=${() => change(choices.filter((_, at) => at !== index))}>×</button>
        </span>
      `)}
      <button type="button" class="plain" disabled=${choices.length >= 100} onClick=${() => change([...choices, ""])}>Add a choice</button>
    </fieldset>
  `;
}
