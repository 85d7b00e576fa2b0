// The form of a template: what it is called, what it says, and how models are to answer it.
import { html } from "../html.js";
import { me } from "../session.js";
import { ModelNames } from "./model_names.js";
import { TemplateMessages } from "./template_messages.js";

const NUMBERS = [
  { name: "temperature", title: "Temperature", about: "0 to 2" },
  { name: "top_p", title: "Top p", about: "0 to 1" },
  { name: "max_tokens", title: "Most tokens", about: "of the answer" },
];

// `faults`: {field: sentence}. `isFixed`: it may be read alone.
export function TemplateFields({ fields, faults, isFixed, onEdit }) {
  const set = (name) => (event) => onEdit({ [name]: event.target.value });
  return html`
    <fieldset class="card template-fields" disabled=${isFixed}>
      <legend class="hidden">Template</legend>
      <${Field} name="name" title="Name" about="Requests call it by this, or by its id." value=${fields.name} fault=${faults.name} onInput=${set("name")} />
      <${Field} name="description" title="Description" about="For people; no model sees it." value=${fields.description} onInput=${set("description")} />
      <div>
        <label for="template-system">System prompt</label>
        <textarea id="template-system" rows="3" value=${fields.system} placeholder="What every model is told first" onInput=${set("system")}></textarea>
      </div>
      <${TemplateMessages} turns=${fields.turns} faults=${faults} onChange=${(turns) => onEdit({ turns })} />
      <details class="options" open=${hasParameters(fields)}>
        <summary>Model and parameters</summary>
        <div class="template-params">
          <div class="wide">
            <label for="template-model">Model</label>
            <input id="template-model" list="template-models" spellcheck="false" autocomplete="off" placeholder="the request's" value=${fields.model} onInput=${set("model")} />
            <${ModelNames} id="template-models" />
          </div>
          ${NUMBERS.map((field) => html`
            <${Field} ...${field} value=${fields[field.name]} fault=${faults[field.name]} inputmode="decimal" placeholder="default" onInput=${set(field.name)} />`)}
          <div class="wide">
            <label for="template-others">Other parameters</label>
            <textarea id="template-others" class="mono" rows="2" spellcheck="false" placeholder='{"seed": 7, "stop": ["END"]}' value=${fields.others}
              aria-invalid=${Boolean(faults.others)} aria-describedby="template-others-about" onInput=${set("others")}></textarea>
            <p id="template-others-about" class=${`small ${faults.others ? "bad-text" : "soft"}`}>${faults.others || "JSON, as in a chat completion. A request's own parameters win over these."}</p>
          </div>
        </div>
      </details>
      ${me.value.admin && html`
        <div>
          <label class="check"><input type="checkbox" checked=${fields.is_global} onChange=${(event) => onEdit({ is_global: event.target.checked })} /> Global</label>
          <p class="small soft">Every key sees it and may use it; admin keys alone change it.</p>
        </div>`}
    </fieldset>
  `;
}

const hasParameters = (fields) => [fields.model, fields.others, ...NUMBERS.map(({ name }) => fields[name])].some((text) => text.trim() !== "");

function Field({ name, title, about, fault, ...input }) {
  return html`
    <div>
      <label for=${`template-${name}`}>${title}</label>
      <input id=${`template-${name}`} autocomplete="off" ...${input} aria-invalid=${Boolean(fault)} aria-describedby=${`template-${name}-about`} />
      <p id=${`template-${name}-about`} class=${`small ${fault ? "bad-text" : "soft"}`}>${fault || about}</p>
    </div>
  `;
}
