// Changes of templates that are not saved yet, and the values tried in their previews. They outlive a change of page and a reload
// in this tab, for the key that made them; a draft ends when it is saved or discarded.
import { computed, effect, signal } from "./html.js";
import { me } from "./session.js";

export const NEW = "new"; // the id of the draft of a template that is not there yet

const owner = computed(() => me.value?.key_id ?? "");
const kept = signal({ drafts: {}, values: {} });
let restoredFor = "";

effect(() => {
  restoredFor = owner.value;
  kept.value = restored(restoredFor);
});

effect(() => {
  const text = JSON.stringify(kept.value);
  if (!restoredFor) return;
  try {
    sessionStorage.setItem(place(restoredFor), text);
  } catch {
    sessionStorage.removeItem(place(restoredFor)); // no room is left: they stay as long as the page does
  }
});

// {fields, base, updated_at}: what stands in the form, what it began with, and the version of the server's that this was.
export const draftOf = (id) => kept.value.drafts[id] ?? null;
export const valuesOf = (id) => kept.value.values[id] ?? {};

export function keepDraft(id, draft) {
  kept.value = { ...kept.peek(), drafts: { ...kept.peek().drafts, [id]: draft } };
}

export function dropDraft(id) {
  const { [id]: _, ...drafts } = kept.peek().drafts;
  kept.value = { ...kept.peek(), drafts };
}

export function keepValues(id, values) {
  kept.value = { ...kept.peek(), values: { ...kept.peek().values, [id]: values } };
}

function place(keyId) {
  return `parley.templates.${keyId}`;
}

function restored(keyId) {
  try {
    const { drafts = {}, values = {} } = JSON.parse(sessionStorage.getItem(place(keyId)) ?? "{}");
    return { drafts, values };
  } catch {
    return { drafts: {}, values: {} }; // another version's
  }
}
