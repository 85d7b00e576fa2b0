// The seats of a panel: who sits where, with overrides of their own; the same model may sit twice.
import { html, useSignal } from "../html.js";
import { ModelPicker } from "./model_picker.js";

const OVERRIDES = [
  { name: "temperature", title: "Temperature", min: 0, max: 2, step: 0.1 },
  { name: "top_p", title: "Top p", min: 0, max: 1, step: 0.05 },
  { name: "max_tokens", title: "Most tokens", min: 1, step: 1 },
];

export function SeatsEditor({ seats, onChange }) {
  const opened = useSignal(null);
  const replace = (index, seat) => onChange(seats.map((old, at) => (at === index ? seat : old)));
  const remove = (index) => {
    opened.value = null;
    onChange(seats.filter((_, at) => at !== index));
  };
  return html`
    <div class="seats">
      <ol class="chips" aria-label="Seats">
        ${seats.map((seat, index) => html`
          <li class=${`chip seat-${index % 8}`}>
            <span class="dot" aria-hidden="true"></span>
            <button type="button" class="chip-name" aria-expanded=${opened.value === index} title="Overrides for this seat"
              onClick=${() => { opened.value = opened.value === index ? null : index; }}>
              ${seat.name}${Object.keys(seat).length > 1 && html`<span class="soft"> · ${summary(seat)}</span>`}
            </button>
            <button type="button" class="chip-x" aria-label=${`Remove ${seat.name}`} onClick=${() => remove(index)}>×</button>
          </li>
        `)}
      </ol>
      <${ModelPicker} id="seat-picker" label="Add a model" onPick=${(name) => onChange([...seats, { name }])} />
      ${opened.value !== null && seats[opened.value] && html`
        <${Overrides} seat=${seats[opened.value]} index=${opened.value} onChange=${(seat) => replace(opened.value, seat)}
          onClose=${() => { opened.value = null; }} />
      `}
    </div>
  `;
}

function Overrides({ seat, index, onChange, onClose }) {
  const set = (name, value) => {
    const { [name]: _, ...rest } = seat;
    onChange(value === "" ? rest : { ...rest, [name]: name === "reasoning" ? value : Number(value) });
  };
  return html`
    <fieldset class="overrides">
      <legend>Only for seat ${index + 1}, ${seat.name}</legend>
      ${OVERRIDES.map((field) => html`
        <label>${field.title}
          <input type="number" min=${field.min} max=${field.max} step=${field.step} placeholder="default"
            value=${seat[field.name] ?? ""} onInput=${(event) => set(field.name, event.target.value)} />
        </label>
      `)}
      <label>Reasoning
        <select value=${seat.reasoning ?? ""} onChange=${(event) => set("reasoning", event.target.value)}>
          <option value="">default</option>
          ${["low", "medium", "high", "max"].map((level) => html`<option value=${level}>${level}</option>`)}
        </select>
      </label>
      <button type="button" onClick=${onClose}>Done</button>
    </fieldset>
  `;
}

function summary({ name: _, ...overrides }) {
  return Object.entries(overrides).map(([field, value]) => `${field.replace("_", " ")} ${value}`).join(", ");
}
