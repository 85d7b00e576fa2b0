// The models of a comparison, each once, and what only one of them is told.
import { draft, edit } from "../compare_draft.js";
import { html, useSignal } from "../html.js";
import { ModelPicker } from "./model_picker.js";

export function ComparedModels() {
  const { models } = draft.value;
  const opened = useSignal(null); // a model's name
  const complaint = useSignal("");
  const shown = models.find((each) => each.model === opened.value);
  const add = (model) => {
    const isThere = models.some((each) => each.model === model);
    complaint.value = isThere ? `${model} is there already; a comparison asks each model once.` : "";
    if (!isThere) edit({ models: [...models, { model }] });
  };
  const replace = (next) => edit({ models: models.map((each) => (each.model === next.model ? next : each)) });
  return html`
    <div class="seats">
      <ol class="chips" aria-label="Models">
        ${models.map((each, index) => html`
          <li class=${`chip seat-${index % 8}`}>
            <span class="dot" aria-hidden="true"></span>
            <button type="button" class="chip-name" aria-expanded=${each === shown} title="What only this model is told"
              onClick=${() => { opened.value = each === shown ? null : each.model; }}>
              ${each.model}${Object.keys(each).length > 1 && html`<span class="soft"> · ${summary(each)}</span>`}
            </button>
            <button type="button" class="chip-x" aria-label=${`Remove ${each.model}`}
              onClick=${() => edit({ models: models.filter((other) => other !== each) })}>×</button>
          </li>
        `)}
      </ol>
      <${ModelPicker} id="compare-picker" label="Add a model" onPick=${add} />
      <span class="soft small" role="status">${complaint.value}</span>
      ${shown && html`<${Overrides} each=${shown} onChange=${replace} onClose=${() => { opened.value = null; }} />`}
    </div>
  `;
}

function Overrides({ each, onChange, onClose }) {
  const set = (name, value) => {
    const { [name]: _, ...rest } = each;
    onChange(value === "" ? rest : { ...rest, [name]: name === "system_prompt" ? value : Number(value) });
  };
  return html`
    <fieldset class="overrides">
      <legend>Only for ${each.model}</legend>
      <label>Temperature
        <input type="number" min="0" max="2" step="0.1" placeholder="default" value=${each.temperature ?? ""}
          onInput=${(event) => set("temperature", event.target.value)} />
      </label>
      <label>Most tokens
        <input type="number" min="1" step="1" placeholder="default" value=${each.max_tokens ?? ""}
          onInput=${(event) => set("max_tokens", event.target.value)} />
      </label>
      <label class="own-prompt">System prompt, in place of the conversation's
        <textarea rows="1" value=${each.system_prompt ?? ""} onInput=${(event) => set("system_prompt", event.target.value)}></textarea>
      </label>
      <button type="button" onClick=${onClose}>Done</button>
    </fieldset>
  `;
}

const NAMES = { temperature: "temperature", max_tokens: "max tokens" };

function summary({ model: _, ...overrides }) {
  return Object.entries(overrides).map(([name, value]) => (NAMES[name] ? `${NAMES[name]} ${value}` : "own system prompt")).join(", ");
}
