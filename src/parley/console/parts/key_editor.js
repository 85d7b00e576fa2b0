// The dialog in which a key is made, or what it may is changed.
import { call, post } from "../api.js";
import { html, useComputed, useSignal } from "../html.js";
import { EMPTY, bodyOf, faultsOf, fieldsOf, localTime } from "../key_form.js";
import { KeyModels } from "./key_models.js";
import { Modal } from "./modal.js";
import { Notice } from "./notice.js";

const NUMBERS = [
  { name: "rpm", title: "Requests a minute", about: "Counted over the last 60 seconds.", placeholder: "no limit" },
  { name: "rpd", title: "Requests a day", about: "Counted from midnight, UTC. A panel is one request.", placeholder: "no limit" },
  { name: "spend_cap_month_usd", title: "Spend a month, USD", about: "Starts anew on the first of the month, UTC.", placeholder: "no cap" },
  { name: "spend_cap_usd", title: "Spend in all, USD", about: "For as long as the key lives. A key with a cap uses models of a known price alone.", placeholder: "no cap" },
];
const LIFETIMES = [{ title: "30 days", days: 30 }, { title: "90 days", days: 90 }, { title: "a year", days: 365 }];

// `account`: the key to edit, null for a new one. `onSaved(answer)`: what the server made of it. Changes are discarded on request alone.
export function KeyEditor({ account, onSaved, onLeave }) {
  const base = account ? fieldsOf(account) : EMPTY;
  const fields = useSignal(base);
  const isTried = useSignal(false);
  const isLeaving = useSignal(false);
  const isBusy = useSignal(false);
  const fault = useSignal(null);
  const faults = useComputed(() => (isTried.value ? faultsOf(fields.value, base) : {}));
  const edit = (changed) => {
    fields.value = { ...fields.value, ...changed };
    isLeaving.value = false;
  };
  const isChanged = JSON.stringify(fields.value) !== JSON.stringify(base);

  function leave() {
    if (isChanged) isLeaving.value = true;
    else onLeave();
  }

  async function save(event) {
    event.preventDefault();
    isTried.value = true;
    const [first] = Object.keys(faultsOf(fields.value, base));
    if (first) return document.getElementById(`key-${first}`)?.focus();
    fault.value = null;
    isBusy.value = true;
    try {
      const body = bodyOf(fields.value, base);
      onSaved(account ? await call("PATCH", `v1/keys/${account.id}`, body) : await post("v1/keys", body));
    } catch (error) {
      fault.value = error;
      isBusy.value = false;
    }
  }

  return html`
    <${Modal} title=${account ? `Edit ${account.name}` : "Create a key"} name="key-editor" onLeave=${leave}>
      <form onSubmit=${save} novalidate>
        <div class="key-fields">
          <${Field} name="name" title="Name" about="Who or what will use it; usage and traces are shown under it." wide autofocus
            fields=${fields.value} fault=${faults.value.name} onEdit=${edit} />
          ${NUMBERS.map((field) => html`
            <${Field} ...${field} fields=${fields.value} fault=${faults.value[field.name]} onEdit=${edit} inputmode="decimal" />`)}
          <${KeyModels} fields=${fields.value} fault=${faults.value.models} onEdit=${edit} />
          <${Expiry} fields=${fields.value} fault=${faults.value.expires_at} onEdit=${edit} />
          <${Admin} fields=${fields.value} onEdit=${edit} />
        </div>
        ${fault.value && html`<${Notice} error=${fault.value} />`}
        ${isLeaving.value
          ? html`<div class="actions end" role="alert">
              <span>${account ? "The changes are not saved." : "The key is not created yet."}</span>
              <button type="button" onClick=${() => { isLeaving.value = false; }}>Go on editing</button>
              <button type="button" class="danger" onClick=${onLeave}>Discard</button></div>`
          : html`<div class="actions end">
              <button type="button" onClick=${leave}>Cancel</button>
              <button class="primary" disabled=${isBusy.value || (account && !isChanged)}>${account ? "Save" : "Create the key"}</button></div>`}
      </form>
    <//>
  `;
}

function Field({ name, title, about, wide, fields, fault, onEdit, ...input }) {
  return html`
    <div class=${wide ? "wide" : ""}>
      <label for=${`key-${name}`}>${title}</label>
      <input id=${`key-${name}`} autocomplete="off" spellcheck="false" ...${input} value=${fields[name]} aria-invalid=${Boolean(fault)}
        aria-describedby=${`key-${name}-about`} onInput=${(event) => onEdit({ [name]: event.target.value })} />
      <p id=${`key-${name}-about`} class=${`small ${fault ? "bad-text" : "soft"}`}>${fault || about}</p>
    </div>
  `;
}

function Expiry({ fields, fault, onEdit }) {
  const inDays = (days) => localTime(new Date(Date.now() + days * 86_400_000));
  return html`
    <div class="wide">
      <label for="key-expires_at">Expires</label>
      <div class="actions">
        <input id="key-expires_at" type="datetime-local" value=${fields.expires_at} aria-invalid=${Boolean(fault)} aria-describedby="key-expires_at-about"
          onInput=${(event) => onEdit({ expires_at: event.target.value })} />
        <span class="small soft">in ${LIFETIMES.map(({ title, days }) => html` <button type="button" class="plain" onClick=${() => onEdit({ expires_at: inDays(days) })}>${title}</button>`)}</span>
        ${fields.expires_at && html`<button type="button" class="plain" onClick=${() => onEdit({ expires_at: "" })}>never</button>`}
      </div>
      <p id="key-expires_at-about" class=${`small ${fault ? "bad-text" : "soft"}`}>${fault || "In your time zone. Empty: it never expires."}</p>
    </div>
  `;
}

function Admin({ fields, onEdit }) {
  return html`
    <div class="wide">
      <label class="check"><input type="checkbox" checked=${fields.admin} onChange=${(event) => onEdit({ admin: event.target.checked })} /> Admin key</label>
      <p class="small soft">Makes and changes keys and global templates, and sees everybody's runs and usage.</p>
    </div>
  `;
}
