// Whose key this is, what it may, and how much of that is used: for every caller, in the bar and where a page is not for it.
import { get } from "../api.js";
import { count, duration } from "../format.js";
import { html, useEffect, useSignal } from "../html.js";
import { isOpenServer, me } from "../session.js";
import { KeyCaps } from "./key_caps.js";
import { Modal } from "./modal.js";
import { Notice } from "./notice.js";

const WINDOWS = { rpm: "requests a minute", rpd: "requests a day" };

// The caller's name in the bar, which opens the panel.
export function AccountButton() {
  const isOpen = useSignal(false);
  const leave = () => {
    isOpen.value = false;
  };
  return html`
    <button type="button" class="plain account" aria-haspopup="dialog" title="What this key may, and has used" onClick=${() => { isOpen.value = true; }}>${me.value.name}</button>
    ${isOpen.value && html`<${Modal} title="This key" name="account-panel" onLeave=${leave}><${KeyAccount} /><//>`}
  `;
}

export function KeyAccount() {
  const used = useSignal(null); // {balance, windows}
  const fault = useSignal(null);
  useEffect(() => {
    look();
  }, []);
  async function look() {
    try {
      const [balance, rates] = await Promise.all([get("v1/balance"), get("v1/usage/rate-limits")]);
      used.value = { balance, windows: rates.windows };
    } catch (error) {
      fault.value = error;
    }
  }
  const { name, admin, models } = me.value;
  return html`
    <dl class="account-facts">
      <div><dt>Name</dt><dd>${name} ${admin && html`<span class="badge">admin</span>`}${isOpenServer && html` <span class="soft small">the server asks for no key</span>`}</dd></div>
      <div><dt>Spend</dt><dd>${used.value ? html`<${KeyCaps} account=${used.value.balance} />` : "…"}</dd></div>
      <div><dt>Limits</dt><dd>${used.value ? html`<${Windows} windows=${used.value.windows} />` : "…"}</dd></div>
      <div><dt>Models</dt><dd>${models === null ? "every model" : models.map((name) => html`<code class="model">${name}</code> `)}</dd></div>
    </dl>
    ${fault.value && html`<${Notice} error=${fault.value} />`}
  `;
}

function Windows({ windows }) {
  if (windows.length === 0) return html`<span class="soft">none</span>`;
  return html`<div class="caps">${windows.map((window) => html`<${Window} window=${window} />`)}</div>`;
}

function Window({ window: { name, limit, used, reset_seconds: reset } }) {
  const words = `${count(used)} of ${count(limit)} ${WINDOWS[name] ?? name}`;
  return html`
    <div class="cap">
      <span>${count(used)} <span class="soft">of ${count(limit)} ${WINDOWS[name] ?? name}${used > 0 && `; free again in ${duration(reset * 1000)}`}</span></span>
      <meter min="0" max=${limit} low=${limit * 0.8} high=${limit * 0.95} optimum="0" value=${used} aria-label=${words}></meter>
    </div>
  `;
}
