// Templates: stored beginnings of conversations, with placeholders. A key sees its own and the global ones.
import { call, get, post } from "../api.js";
import { draft as askDraft } from "../ask_draft.js";
import { effect, html, signal, useEffect, useSignal } from "../html.js";
import { Confirm } from "../parts/confirm.js";
import { Notice } from "../parts/notice.js";
import { TemplateEditor } from "../parts/template_editor.js";
import { TemplateTable } from "../parts/template_table.js";
import { fill } from "../parts/template_use.js";
import { href, place, refine } from "../router.js";
import { me } from "../session.js";
import { askOf } from "../template_ask.js";
import { NEW, draftOf, dropDraft, keepDraft, keepValues, valuesOf } from "../template_drafts.js";
import { EMPTY, fieldsOf } from "../template_form.js";

const templates = signal(null); // as GET /v1/templates lists them; null until they are known
const fault = signal(null);

effect(() => {
  if (me.value === null) templates.value = null; // who signs in next may see others
});

const mayWrite = (template) => !template.is_global || me.value.admin;

export function Templates() {
  const doomed = useSignal(null);
  const copied = useSignal(null);
  useEffect(() => {
    load();
  }, []);
  return html`
    ${fault.value && html`<${Notice} error=${fault.value} /><button type="button" class="more" onClick=${load}>Try again</button>`}
    ${templates.value === null
      ? html`<h1>Templates</h1>${!fault.value && html`<p class="soft" role="status">Fetching the templates…</p>`}`
      : html`<${Opened} onDelete=${(template) => { doomed.value = template; }} onCopy=${(fields) => copy(fields, copied)} />`}
    ${doomed.value && html`<${Deletion} template=${doomed.value} onLeave=${() => { doomed.value = null; }} />`}
    ${copied.value && html`
      <${Confirm} title="Discard the new template?" action="Discard it" onConfirm=${() => begin(copied.value, copied)} onLeave=${() => { copied.value = null; }}>
        <p>There is one already that is not saved, “${draftOf(NEW)?.fields.name || "without a name"}”. The copy takes its place.</p><//>`}
  `;
}

async function load() {
  fault.value = null;
  try {
    templates.value = await get("v1/templates");
  } catch (error) {
    fault.value = error;
  }
}

function Opened({ onDelete, onCopy }) {
  const [id] = place.value.rest;
  if (!id) return html`<${List} onDelete=${onDelete} />`;
  const template = templates.value.find((each) => each.id === id) ?? null;
  if (!template && id !== NEW) {
    return html`<h1>Templates</h1><p class="notice warn" role="alert">There is no template with the id ${id}; it may have been deleted. <a href=${hrefOf()}>Show all templates</a></p>`;
  }
  return html`
    <${TemplateEditor} key=${id} template=${template} mayWrite=${!template || mayWrite(template)} backTo=${hrefOf()}
      onSave=${(body) => save(id, body)} onDelete=${onDelete} onCopy=${onCopy} />`;
}

async function save(id, body) {
  const sent = draftOf(id).fields;
  const stored = id === NEW ? await post("v1/templates", body) : await call("PATCH", `v1/templates/${id}`, body);
  const typed = draftOf(id)?.fields ?? sent;
  dropDraft(id);
  if (typed !== sent) keepDraft(stored.id, { fields: typed, base: fieldsOf(stored), updated_at: stored.updated_at }); // while it was saved
  templates.value = [...templates.value.filter((each) => each.id !== stored.id), stored];
  if (id !== NEW) return;
  keepValues(stored.id, valuesOf(NEW));
  keepValues(NEW, {});
  location.replace(hrefOf(stored.id));
}

function copy(fields, copied) {
  const own = { ...fields, name: `${fields.name} (copy)`, is_global: false };
  if (draftOf(NEW)) copied.value = own;
  else begin(own, copied);
}

function begin(fields, copied) {
  copied.value = null;
  keepDraft(NEW, { fields, base: EMPTY, updated_at: "" });
  location.hash = hrefOf(NEW);
}

function List({ onDelete }) {
  const text = place.value.query.get("q") ?? "";
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (each) => words.every((word) => [each.name, each.description, each.owner, each.model, ...each.variables].join(" ").toLowerCase().includes(word));
  const found = templates.value.filter(fits).sort((a, b) => a.name.localeCompare(b.name));
  return html`
    <div class="page-head"><h1>Templates</h1><a class="button primary" href=${hrefOf(NEW)}>${draftOf(NEW) ? "Go on with the new template" : "New template"}</a></div>
    ${templates.value.length === 0
      ? html`<p class="card empty">There is no template yet. A template is the beginning of a conversation with gaps, such as <code>Translate into {{ language }}: {{ text }}</code>;
          a request names it and gives the values. <a href=${hrefOf(NEW)}>Write the first one</a>.</p>`
      : html`
        <div class="filters">
          <input type="search" aria-label="Find a template" placeholder="Find by name or variable" value=${text} onInput=${(event) => refine({ q: event.target.value })} />
          <span class="soft small" role="status">${found.length < templates.value.length && `${found.length} of `}${templates.value.length === 1 ? "1 template" : `${templates.value.length} templates`}</span>
        </div>
        ${found.length > 0
          ? html`<${TemplateTable} templates=${found} hrefOf=${hrefOf} onUse=${useInAsk} onDelete=${onDelete} mayWrite=${mayWrite} />`
          : html`<p class="card empty">No template fits. <button type="button" class="plain" onClick=${() => refine({ q: "" })}>Show all templates</button></p>`}`}
  `;
}

// At once if nothing is to be filled in or lost; else where the values are given.
function useInAsk(template) {
  if (template.variables.length > 0 || draftOf(template.id) || askDraft.value.input.trim()) location.hash = `${href("templates", template.id)}?use=1`;
  else fill(askOf(fieldsOf(template), {}, askDraft.value.seats).fields);
}

function Deletion({ template, onLeave }) {
  const remove = async () => {
    try {
      await call("DELETE", `v1/templates/${template.id}`);
    } catch (error) {
      if (error.status !== 404) throw error; // gone is what was wanted
    }
    dropDraft(template.id);
    templates.value = templates.value.filter((each) => each.id !== template.id);
    onLeave();
    if (place.value.rest[0] === template.id) location.replace(hrefOf());
  };
  return html`
    <${Confirm} title=${`Delete ${template.name}?`} action="Delete" onConfirm=${remove} onLeave=${onLeave}>
      <p>Requests that name it are refused from then on. A deleted template can't be brought back.</p>
      ${template.is_global && html`<p class="notice warn">It is global: every key may be using it.</p>`}<//>`;
}

function hrefOf(...rest) {
  const text = place.value.query.get("q");
  return `${href("templates", ...rest)}${text ? `?${new URLSearchParams({ q: text })}` : ""}`;
}
