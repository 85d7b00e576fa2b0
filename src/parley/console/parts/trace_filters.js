// What the list of runs is narrowed to. Every choice stands behind the #, so that reload and back keep it.
import { get } from "../api.js";
import { html, useEffect, useSignal } from "../html.js";
import { refine } from "../router.js";
import { cleared, isFiltered, KINDS, SPANS, STATES } from "../runs/trace_query.js";
import { me } from "../session.js";
import { ModelNames } from "./model_names.js";

export function TraceFilters({ query }) {
  const set = (name) => (event) => refine({ [name]: event.target.value.trim(), page: "" });
  return html`
    <form class="filters" role="search" aria-label="Filter the runs" onSubmit=${(event) => event.preventDefault()}>
      <${Choice} title="Kind" options=${KINDS} value=${query.get("kind")} onChange=${set("kind")} />
      <${Choice} title="State" options=${STATES} value=${query.get("state")} onChange=${set("state")} />
      <label>Model
        <input list="trace-models" placeholder="any" spellcheck="false" value=${query.get("model") ?? ""} onChange=${set("model")} />
        <${ModelNames} id="trace-models" />
      </label>
      ${me.value.admin && html`<${KeyChoice} value=${query.get("key")} onChange=${set("key")} />`}
      <${Choice} title="When" options=${SPANS} value=${query.get("when")} onChange=${set("when")} />
      ${query.get("when") === "between" && html`
        <label>From<input type="datetime-local" value=${query.get("from") ?? ""} onChange=${set("from")} /></label>
        <label>Before<input type="datetime-local" value=${query.get("to") ?? ""} onChange=${set("to")} /></label>`}
      ${isFiltered(query) && html`<button type="button" class="plain" onClick=${() => refine(cleared)}>Clear</button>`}
    </form>
  `;
}

function Choice({ title, options, value, onChange }) {
  return html`
    <label>${title}
      <select value=${value ?? ""} onChange=${onChange}>
        ${options.map((option) => html`<option value=${option.value} selected=${option.value === (value ?? "")}>${option.title}</option>`)}
      </select>
    </label>
  `;
}

// The keys by name; where they can't be listed, the filter still shows what it is set to.
function KeyChoice({ value, onChange }) {
  const keys = useSignal([]);
  useEffect(() => {
    get("v1/keys").then((answer) => {
      keys.value = answer.keys;
    }, () => {}); // the list of runs tells what is wrong with the server
  }, []);
  const named = keys.value.map((key) => ({ value: key.id, title: key.name }));
  if (!named.some((option) => option.value === me.value.key_id)) named.unshift({ value: me.value.key_id, title: me.value.name });
  if (value && !named.some((option) => option.value === value)) named.push({ value, title: value });
  return html`<${Choice} title="Key" options=${[{ value: "", title: "Every key" }, ...named]} value=${value} onChange=${onChange} />`;
}
