// From a template to the pages that ask: into the form of Ask, its values filled in, or by its name into a comparison.
import { draft as askDraft, edit as editAsk } from "../ask_draft.js";
import { edit as editComparison } from "../compare_draft.js";
import { html, useEffect, useSignal } from "../html.js";
import { go, place } from "../router.js";
import { askOf } from "../template_ask.js";
import { Confirm } from "./confirm.js";
import { missingOf } from "./template_preview.js";

// `template`: as it is stored, null before; `isDirty`: `fields` are not what is stored.
export function TemplateUse({ fields, values, template, isDirty }) {
  const complaint = useSignal("");
  const asked = useSignal(null);
  const missing = missingOf(fields, values);
  const { left } = askOf(fields, values, askDraft.value.seats);
  useEffect(() => {
    if (place.value.query.has("use")) document.getElementById(`variable-${missing[0]}`)?.focus();
  }, []);
  useEffect(() => {
    complaint.value = "";
  }, [missing.length]);

  function lacks() {
    if (missing.length === 0) return false;
    complaint.value = `Give a value for ${missing.join(", ")} first.`;
    document.getElementById(`variable-${missing[0]}`)?.focus();
    return true;
  }

  function useInAsk() {
    if (lacks()) return;
    const next = askOf(fields, values, askDraft.value.seats).fields;
    const held = askDraft.value.input;
    if (held.trim() && held !== next.input) asked.value = next;
    else fill(next);
  }

  function useInCompare() {
    if (lacks()) return;
    editComparison({ template: template.id, variables: values });
    go("compare");
  }

  return html`
    <div class="actions">
      <button type="button" onClick=${useInAsk}>Use in Ask</button>
      <button type="button" onClick=${useInCompare} disabled=${!template || isDirty} title=${isDirty || !template ? "A comparison names the stored template: save it first" : ""}>Use in Compare</button>
      <span class="bad-text small" role="alert">${complaint.value}</span>
    </div>
    ${left.length > 0 && html`<p class="small soft">Ask has no place for ${left.join(", ")}; Compare takes the template as it is.</p>`}
    ${asked.value && html`
      <${Confirm} title="Replace the question in Ask?" action="Replace it" isDanger=${false} onConfirm=${() => fill(asked.value)} onLeave=${() => { asked.value = null; }}>
        <p>There stands one already:</p><blockquote class="held">${askDraft.value.input.slice(0, 400)}</blockquote>
      <//>`}
  `;
}

export function fill(fields) {
  editAsk(fields);
  go("ask");
}
