// Asks for an API key and tries it.
import { get } from "../api.js";
import { html, useSignal } from "../html.js";
import { enter } from "../session.js";
import { Notice } from "./notice.js";

export function SignIn() {
  const value = useSignal("");
  const fault = useSignal(null);
  const isBusy = useSignal(false);

  async function tryKey(event) {
    event.preventDefault();
    fault.value = null;
    isBusy.value = true;
    const tried = value.value.trim();
    try {
      if (!/^[!-~]+$/.test(tried)) throw new Error("An API key has no blanks and no letters with accents; copy it once more, and nothing else.");
      enter(await get("v1/me", { as: tried }), tried);
    } catch (error) {
      fault.value = error;
      isBusy.value = false;
    }
  }

  return html`
    <main class="alone">
      <form class="card sign-in" onSubmit=${tryKey}>
        <h1><img src="console/icon.svg" alt="" width="32" height="32" /> Parley</h1>
        <label for="key">API key</label>
        <input id="key" type="password" autocomplete="off" required spellcheck="false" placeholder="rsk_…"
          value=${value.value} onInput=${(event) => { value.value = event.target.value; }} />
        <p class="soft small">It stays in this tab and is gone when the tab is closed.${" "}
          <code>parley keys create NAME</code> makes one.</p>
        ${fault.value && html`<${Notice} error=${fault.value} />`}
        <button class="primary" disabled=${isBusy.value}>${isBusy.value ? "Signing in…" : "Sign in"}</button>
      </form>
    </main>
  `;
}
