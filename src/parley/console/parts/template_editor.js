// One template: its form beside its preview. What is changed stays a draft until it is saved or discarded.
import { html, useEffect, useSignal } from "../html.js";
import { NEW, draftOf, dropDraft, keepDraft, keepValues, valuesOf } from "../template_drafts.js";
import { EMPTY, bodyOf, faultsOf, fieldsOf } from "../template_form.js";
import { Notice } from "./notice.js";
import { TemplateFields } from "./template_fields.js";
import { TemplatePreview } from "./template_preview.js";
import { Badges } from "./template_table.js";
import { TemplateUse } from "./template_use.js";

// `template`: null for a new one. `onSave(body)` sends it and opens what came of it.
export function TemplateEditor({ template, mayWrite, backTo, onSave, onDelete, onCopy }) {
  const id = template?.id ?? NEW;
  const isTried = useSignal(false);
  const isBusy = useSignal(false);
  const fault = useSignal(null);
  const saved = useSignal("");
  const draft = draftOf(id);
  const base = draft?.base ?? (template ? fieldsOf(template) : EMPTY);
  const fields = draft?.fields ?? base;
  const values = valuesOf(id);
  const faults = isTried.value ? faultsOf(fields) : {};
  const isOutdated = Boolean(draft && template && draft.updated_at !== template.updated_at);
  useEffect(() => holdTab(id), [id]);

  function edit(changed) {
    const next = { ...fields, ...changed };
    saved.value = "";
    if (JSON.stringify(next) === JSON.stringify(base)) dropDraft(id);
    else keepDraft(id, { fields: next, base, updated_at: draft?.updated_at ?? template?.updated_at ?? "" });
  }

  async function save(event) {
    event?.preventDefault();
    if (isBusy.value || !draft) return;
    isTried.value = true;
    const [first] = Object.keys(faultsOf(fields));
    if (first) return document.getElementById(`template-${first}`)?.focus();
    isBusy.value = true;
    fault.value = null;
    try {
      await onSave(bodyOf(fields, template ? base : null));
      isTried.value = false;
      saved.value = "Saved.";
    } catch (error) {
      fault.value = error;
    }
    isBusy.value = false;
  }

  function discard() {
    dropDraft(id);
    isTried.value = false;
    fault.value = null;
  }

  return html`
    <form class="template-editor" onSubmit=${save} onKeyDown=${(event) => isSave(event) && save(event)} novalidate>
      <${Head} template=${template} mayWrite=${mayWrite} backTo=${backTo} hasDraft=${Boolean(draft)} said=${draft ? "" : saved.value}
        canSave=${!isBusy.value && Boolean(draft)} onDiscard=${discard} onCopy=${() => onCopy(fields)} onDelete=${() => onDelete(template)} />
      <${Notes} mayWrite=${mayWrite} isOutdated=${isOutdated} fault=${fault.value} />
      <div class="template-columns">
        <${TemplateFields} fields=${fields} faults=${faults} isFixed=${!mayWrite} onEdit=${edit} />
        <${TemplatePreview} fields=${fields} declared=${template?.variables ?? []} values=${values} onValues=${(next) => keepValues(id, next)}>
          <${TemplateUse} fields=${fields} values=${values} template=${template} isDirty=${Boolean(draft)} />
        <//>
      </div>
    </form>
  `;
}

function Head({ template, mayWrite, backTo, hasDraft, said, canSave, onDiscard, onCopy, onDelete }) {
  return html`
    <div class="page-head">
      <div><a class="small" href=${backTo}>← Templates</a><h1>${template ? template.name : "New template"} ${template && html`<${Badges} template=${template} />`}</h1></div>
      <div class="actions">
        <span class="small soft" role="status">${said}</span>
        ${hasDraft && html`<button type="button" onClick=${onDiscard}>Discard changes</button>`}
        ${template && html`<button type="button" onClick=${onCopy}>Make a copy</button>`}
        ${template && mayWrite && html`<button type="button" class="danger" onClick=${onDelete}>Delete</button>`}
        ${mayWrite && html`<button class="primary" disabled=${!canSave}>${template ? "Save" : "Create"}</button>`}
      </div>
    </div>
  `;
}

function Notes({ mayWrite, isOutdated, fault }) {
  return html`
    ${!mayWrite && html`<p class="notice">A global template is changed by admin keys alone. You can use it as it is, or make a copy of your own.</p>`}
    ${isOutdated && html`<p class="notice warn">It was changed elsewhere after you began. Saving writes what you changed over it, and nothing else;
      discard your changes to see what stands there now.</p>`}
    ${fault && html`<${Notice} error=${fault} />`}
  `;
}

const isSave = (event) => event.key === "s" && (event.ctrlKey || event.metaKey);

// A tab that is closed takes its drafts along: the browser asks before. Returns what ends that.
function holdTab(id) {
  const hold = (event) => {
    if (draftOf(id)) event.preventDefault();
  };
  addEventListener("beforeunload", hold);
  return () => removeEventListener("beforeunload", hold);
}
