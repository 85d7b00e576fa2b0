// The console's frame: who is signed in, where one is, and the page in the middle.
import { get } from "./api.js";
import { html, render, useEffect } from "./html.js";
import { PAGES } from "./pages.js";
import { AdminOnly } from "./parts/admin_only.js";
import { AccountButton } from "./parts/key_account.js";
import { Notice } from "./parts/notice.js";
import { PageGuard } from "./parts/page_guard.js";
import { SignIn } from "./parts/sign_in.js";
import { href, place } from "./router.js";
import { canSignOut, enter, key, me, signOut } from "./session.js";
import { signal } from "./html.js";

const fault = signal(null);

function App() {
  useEffect(() => {
    if (key.value !== null && me.value === null) introduce();
  }, [key.value]);
  if (key.value === null) return html`<${SignIn} />`;
  if (fault.value) return html`<${Unreached} error=${fault.value} />`;
  if (me.value === null) return html`<main class="alone" aria-busy="true">…</main>`;
  return html`<${Frame} />`;
}

async function introduce() {
  fault.value = null;
  try {
    enter(await get("v1/me"), key.value);
  } catch (error) {
    if (error.status !== 401) fault.value = error; // a 401 asks for a key already
  }
}

// The server does not say who this is: it starts just now, is overloaded, or out of reach.
function Unreached({ error }) {
  return html`
    <main class="alone">
      <${Notice} error=${error} />
      <div class="actions">
        <button type="button" class="primary" onClick=${introduce}>Try again</button>
        ${canSignOut() && html`<button type="button" onClick=${signOut}>Sign out</button>`}
      </div>
    </main>
  `;
}

function Frame() {
  const shown = PAGES.filter((page) => !page.isAdmin || me.value.admin);
  const current = PAGES.find((page) => page.name === place.value.page) ?? shown[0];
  const isRefused = !shown.includes(current);
  useEffect(() => {
    document.title = `${current.title} · Parley`;
    document.querySelector(".bar nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [current]);
  return html`
    <a class="skip" href="#main" onClick=${focusMain}>Skip to the page</a>
    <header class="bar">
      <a class="brand" href=${href("ask")}><img src="console/icon.svg" alt="" width="24" height="24" />Parley</a>
      <nav aria-label="Pages">
        ${shown.map((page) => html`<${Tab} page=${page} isCurrent=${page === current} />`)}
      </nav>
      <div class="who">
        <${AccountButton} />
        ${canSignOut() && html`<button class="plain" onClick=${signOut}>Sign out</button>`}
      </div>
    </header>
    <main id="main" tabindex="-1" class=${`page page-${current.name}`}>
      ${isRefused ? html`<${AdminOnly} title=${current.title} />` : html`<${PageGuard} key=${current.name} title=${current.title}><${current.view} /><//>`}
    </main>
  `;
}

function Tab({ page, isCurrent }) {
  return html`<a href=${href(page.name)} aria-current=${isCurrent ? "page" : null}>${page.title}</a>`;
}

function focusMain(event) {
  event.preventDefault(); // the hash names the page
  document.getElementById("main").focus();
}

render(html`<${App} />`, document.getElementById("root"));
