// What narrows the table of models: words, the provider, what a model must be able to do. All of it lives in the place.
import { count } from "../format.js";
import { html } from "../html.js";
import { CAPABILITIES, namesIn } from "../model_facts.js";
import { place, refine } from "../router.js";

export function ModelFilters({ models, found }) {
  const { query } = place.value;
  const can = namesIn(query.get("can"));
  const toggle = (name) => refine({ can: (can.includes(name) ? can.filter((each) => each !== name) : [...can, name]).join(",") });
  return html`
    <div class="filters model-filters">
      <input type="search" aria-label="Find a model" placeholder="Find by name or brand" value=${query.get("find") ?? ""}
        onInput=${(event) => refine({ find: event.target.value })} />
      <select aria-label="Provider" value=${query.get("provider") ?? ""} onChange=${(event) => refine({ provider: event.target.value })}>
        <option value="">Every provider</option>
        ${counted(models).map(([name, number]) => html`<option value=${name}>${name} (${count(number)})</option>`)}
      </select>
      <fieldset class="toggles"><legend class="hidden">It must be able to</legend>
        ${CAPABILITIES.map((capability) => html`
          <${Toggle} title=${capability.title} about=${capability.about} isOn=${can.includes(capability.name)} onChange=${() => toggle(capability.name)} />`)}
        <${Toggle} title="free" about="It costs nothing" isOn=${query.get("free") === "yes"} onChange=${() => refine({ free: query.get("free") === "yes" ? "" : "yes" })} />
      </fieldset>
      <span class="soft small" role="status">${found < models.length && `${count(found)} of `}${models.length === 1 ? "1 model" : `${count(models.length)} models`}</span>
    </div>
  `;
}

function Toggle({ title, about, isOn, onChange }) {
  return html`<label title=${about}><input type="checkbox" checked=${isOn} onChange=${onChange} /><span>${title}</span></label>`;
}

// Providers with how many models each has, in the order of the list.
function counted(models) {
  const numbers = new Map();
  for (const model of models) numbers.set(model.provider, (numbers.get(model.provider) ?? 0) + 1);
  return [...numbers];
}
