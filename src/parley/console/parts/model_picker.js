// A searchable list of models, as a combobox (WAI-ARIA Authoring Practices): type, arrows, Enter, Escape.
import { catalogFault, context, loadModels, models, price } from "../catalog.js";
import { html, useRef, useSignal } from "../html.js";

const MOST_SHOWN = 60;

// `onPick(name)`; a name that isn't listed can be typed too (provider/model).
export function ModelPicker({ id, label, placeholder = "Add a model…", onPick }) {
  const typed = useSignal("");
  const isOpen = useSignal(false);
  const at = useSignal(0);
  const input = useRef(null);
  const found = matching(typed.value);

  function open() {
    isOpen.value = true;
    if (catalogFault.value) loadModels();
  }

  function pick(name) {
    onPick(name);
    typed.value = "";
    isOpen.value = false; // it would cover what comes next in the form; typing or an arrow opens it again
    at.value = 0;
    input.current.focus();
  }

  function press(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      isOpen.value = true;
      const step = event.key === "ArrowDown" ? 1 : -1;
      at.value = Math.max(0, Math.min(found.length - 1, at.value + step));
      document.getElementById(`${id}-${at.value}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && (isOpen.value || typed.value)) {
      event.preventDefault();
      const name = found[at.value]?.id ?? typed.value.trim();
      if (name) pick(name);
    } else if (event.key === "Escape") {
      isOpen.value = false;
    }
  }

  return html`
    <div class="picker" onFocusOut=${(event) => { if (!event.currentTarget.contains(event.relatedTarget)) isOpen.value = false; }}>
      <input ref=${input} id=${id} role="combobox" aria-label=${label} aria-expanded=${isOpen.value} aria-controls=${`${id}-list`} aria-autocomplete="list"
        aria-activedescendant=${isOpen.value && found.length > 0 ? `${id}-${at.value}` : null}
        placeholder=${placeholder} value=${typed.value} autocomplete="off" spellcheck="false" onKeyDown=${press}
        onClick=${open} onInput=${(event) => { typed.value = event.target.value; isOpen.value = true; at.value = 0; }} />
      <ul id=${`${id}-list`} role="listbox" aria-label="Models" hidden=${!isOpen.value}>
        ${found.map((model, index) => html`<${Option} id=${`${id}-${index}`} model=${model} isActive=${index === at.value} onPick=${pick} />`)}
        ${found.length === 0 && html`<li class="soft" role="option" aria-disabled="true" aria-selected="false">${nothing(typed.value)}</li>`}
      </ul>
    </div>
  `;
}

function Option({ id, model, isActive, onPick }) {
  return html`
    <li id=${id} role="option" aria-selected=${isActive} onMouseDown=${(event) => { event.preventDefault(); onPick(model.id); }}>
      <span class="name">${model.id}</span>
      <span class="soft small">${[price(model), context(model)].filter(Boolean).join(" · ")}</span>
    </li>
  `;
}

function nothing(typed) {
  if (typed) return `Enter takes “${typed}” as it stands.`;
  return catalogFault.value ? `The models can't be listed: ${catalogFault.value.message}` : "This server lists no models.";
}

function matching(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (model) => words.every((word) => `${model.id} ${model.name} ${model.provider}`.toLowerCase().includes(word));
  return models.value.filter(fits).slice(0, MOST_SHOWN);
}
