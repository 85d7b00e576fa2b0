// A stored template to begin the conversation with, and a value for each of its placeholders.
import { get } from "../api.js";
import { draft, edit } from "../compare_draft.js";
import { html, useEffect, useSignal } from "../html.js";

export function TemplateChoice() {
  const stored = useSignal([]);
  const complaint = useSignal("");
  const { template, variables } = draft.value;
  useEffect(() => {
    get("v1/templates").then((found) => { stored.value = found; }, (error) => { complaint.value = error.message; });
  }, []);
  const chosen = stored.value.find((each) => each.name === template || each.id === template);
  const names = [...new Set([...stored.value.map((each) => each.name), ...(template && !chosen ? [template] : [])])];
  return html`
    <label>Begin with a template
      <select onChange=${(event) => edit({ template: event.target.value, variables: {} })}>
        <option value="">none</option>
        ${names.map((name) => html`<option key=${name} value=${name} selected=${name === (chosen?.name ?? template)}>${name}</option>`)}
      </select>
      <span class="bad-text small" role="status">${complaint.value}</span>
    </label>
    ${(chosen?.variables ?? Object.keys(variables)).map((name) => html`
      <label>${name}
        <input value=${variables[name] ?? ""} onInput=${(event) => edit({ variables: { ...variables, [name]: event.target.value } })} />
      </label>
    `)}
  `;
}
