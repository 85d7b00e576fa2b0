// Which models a key may use: every one, or a list of names and prefixes.
import { models } from "../catalog.js";
import { faultOfModel } from "../key_form.js";
import { html, useSignal } from "../html.js";
import { ModelPicker } from "./model_picker.js";

export function KeyModels({ fields, fault, onEdit }) {
  const refused = useSignal("");
  const add = (name) => {
    refused.value = faultOfModel(name);
    if (!refused.value && !fields.models.includes(name)) onEdit({ models: [...fields.models, name] });
  };
  const prefixes = [...new Set(models.value.map((model) => `${model.provider}/*`))].filter((name) => !fields.models.includes(name));
  const complaint = fields.isEveryModel ? "" : refused.value || fault;
  return html`
    <fieldset class="wide" aria-describedby="key-models-about">
      <legend class="label">Models</legend>
      <div class="segments">
        <label><input type="radio" name="models" checked=${fields.isEveryModel} onChange=${() => onEdit({ isEveryModel: true })} /><span>Every model</span></label>
        <label><input type="radio" name="models" checked=${!fields.isEveryModel} onChange=${() => onEdit({ isEveryModel: false })} /><span>Only these</span></label>
      </div>
      ${!fields.isEveryModel && html`
        <div class="seats key-models">
          ${fields.models.length > 0 && html`<ul class="chips" aria-label="Models allowed">
            ${fields.models.map((name) => html`
              <li class="chip"><code>${name}</code>
                <button type="button" class="chip-x" aria-label=${`Remove ${name}`}
                  onClick=${() => onEdit({ models: fields.models.filter((other) => other !== name) })}>×</button></li>`)}
          </ul>`}
          <${ModelPicker} id="key-model" label="Allow a model" placeholder="A model, or prefix/*" onPick=${add} />
        </div>
        ${prefixes.length > 0 && html`<p class="small soft prefixes">All of a provider:
          ${prefixes.slice(0, 12).map((name) => html` <button type="button" class="plain" onClick=${() => add(name)}>${name}</button>`)}</p>`}`}
      <p id="key-models-about" class="small soft">${fields.isEveryModel
        ? "Whatever this server can reach, now and later."
        : "A request that names another model is refused. provider/* allows all of a provider; panel/NAME a panel, whatever it is made of."}</p>
      ${complaint && html`<p class="small bad-text" role="alert">${complaint}</p>`}
    </fieldset>
  `;
}
