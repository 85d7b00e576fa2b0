// What an ordinary key reads at the place of an administrator's page.
import { html } from "../html.js";
import { me } from "../session.js";
import { KeyAccount } from "./key_account.js";

export function AdminOnly({ title }) {
  return html`
    <h1>${title}</h1>
    <p class="notice">This page is for admin keys, and “${me.value.name}” is an ordinary one. Sign in with an admin key to see it, or ask whoever runs this server.</p>
    <section class="card own-key" aria-label="This key"><h2>This key</h2><${KeyAccount} /></section>
  `;
}
