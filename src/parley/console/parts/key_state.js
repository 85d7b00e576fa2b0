// Whether a key works, as the server sees it: disabled, expired, or neither.
import { ago, moment } from "../format.js";
import { html } from "../html.js";

const SOON_MS = 14 * 86_400_000;

export function stateOf(key) {
  if (key.disabled) return "disabled";
  return key.expires_at !== null && Date.parse(key.expires_at) <= Date.now() ? "expired" : "active";
}

export function KeyBadges({ account }) {
  const state = stateOf(account);
  const isSoon = state === "active" && account.expires_at !== null && Date.parse(account.expires_at) - Date.now() < SOON_MS;
  return html`
    ${account.admin && html`<span class="badge">admin</span>`}
    ${state === "disabled" && html`<span class="badge off">disabled</span>`}
    ${state === "expired" && html`<span class="badge bad" title=${moment(account.expires_at)}>expired ${ago(account.expires_at)}</span>`}
    ${isSoon && html`<span class="badge warn" title=${moment(account.expires_at)}>expires ${ago(account.expires_at)}</span>`}
  `;
}
