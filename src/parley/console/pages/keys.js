// Keys: who may use this server, how much, and what they have spent. For admin keys.
import { call, get } from "../api.js";
import { effect, html, signal, useEffect, useSignal } from "../html.js";
import { Confirm } from "../parts/confirm.js";
import { KeyEditor } from "../parts/key_editor.js";
import { KeySecret, freshKey } from "../parts/key_secret.js";
import { stateOf } from "../parts/key_state.js";
import { KeyTable } from "../parts/key_table.js";
import { Notice } from "../parts/notice.js";
import { place, refine } from "../router.js";
import { isOpenServer, me, signOut } from "../session.js";

const STATES = ["all", "active", "disabled", "expired"];

const keys = signal(null); // as GET /v1/keys lists them; null until they are known
const fault = signal(null);

effect(() => {
  if (me.value !== null) return;
  keys.value = null; // who signs in next may not be who has signed out
  freshKey.value = null;
});

export function Keys() {
  const toggled = useSignal(null);
  useEffect(() => {
    load();
  }, []);
  return html`
    <div class="page-head">
      <h1>Keys</h1>
      <a class="button primary" href=${withQuery("new")}>Create a key</a>
    </div>
    <${SetUp} />
    ${fault.value && html`<${Notice} error=${fault.value} /><button type="button" class="more" onClick=${load}>Try again</button>`}
    ${keys.value === null ? !fault.value && html`<p class="soft" role="status">Fetching the keys…</p>` : html`<${List} onToggle=${(key) => { toggled.value = key; }} />`}
    <${Opened} />
    ${freshKey.value && html`<${KeySecret} fresh=${freshKey.value} />`}
    ${toggled.value && html`<${Toggle} account=${toggled.value} onLeave=${() => { toggled.value = null; }} />`}
  `;
}

async function load() {
  fault.value = null;
  try {
    keys.value = (await get("v1/keys")).keys;
  } catch (error) {
    fault.value = error;
  }
}

// What is to be set up before keys count, and why the key one signed in with may be missing below.
function SetUp() {
  if (isOpenServer) {
    return html`
      <div class="notice warn">
        <p><strong>This server asks nobody for a key.</strong> It runs with <code>auth = "open"</code>: every program on this machine is an administrator.</p>
        <p>To give out keys, set <code>auth = "keys"</code> under <code>[server]</code> in <code>parley.toml</code>, choose an admin key of 32 characters or more
          in the environment as <code>PARLEY_ADMIN_KEY</code>, and start it again. Keys that you create here work from then on.</p>
      </div>`;
  }
  if (me.value.key_id !== "admin") return null;
  return html`<p class="soft small">You are signed in with the key of <code>PARLEY_ADMIN_KEY</code>. It stands in the server's environment and not in this list.</p>`;
}

function List({ onToggle }) {
  const { query } = place.value;
  const text = query.get("name") ?? "";
  const state = STATES.includes(query.get("state")) ? query.get("state") : "all";
  if (keys.value.length === 0) {
    return html`<p class="card empty">There is no key yet. <a href=${withQuery("new")}>Create one</a> for each person and each program: every one has limits and a bill of its own.</p>`;
  }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (key) => words.every((word) => `${key.name} ${key.id}`.toLowerCase().includes(word));
  const found = keys.value.filter((key) => fits(key) && (state === "all" || stateOf(key) === state));
  return html`
    <div class="filters">
      <input type="search" aria-label="Find a key" placeholder="Find by name or id" value=${text} onInput=${(event) => refine({ name: event.target.value })} />
      <fieldset class="segments"><legend class="hidden">State</legend>
        ${STATES.map((name) => html`
          <label><input type="radio" name="state" checked=${name === state} onChange=${() => refine({ state: name === "all" ? "" : name })} /><span>${name}</span></label>`)}
      </fieldset>
      <span class="soft small" role="status">${found.length < keys.value.length && `${found.length} of `}${keys.value.length === 1 ? "1 key" : `${keys.value.length} keys`}</span>
    </div>
    ${found.length > 0
      ? html`<${KeyTable} keys=${found} onToggle=${onToggle} />`
      : html`<p class="card empty">No key fits. <button type="button" class="plain" onClick=${() => refine({ name: "", state: "" })}>Show all keys</button></p>`}
  `;
}

// The dialog that the place names: keys/new, keys/<id>.
function Opened() {
  const [name] = place.value.rest;
  if (!name || keys.value === null) return null;
  const key = keys.value.find((one) => one.id === name) ?? null;
  const leave = () => {
    location.hash = withQuery();
  };
  if (name !== "new" && !key) {
    return html`<p class="notice warn" role="alert">There is no key with the id ${name}. <a href=${withQuery()}>Show all keys</a></p>`;
  }
  const saved = ({ key: secret, ...account }) => {
    put(account);
    if (secret) freshKey.value = { name: account.name, key: secret };
    leave();
  };
  return html`<${KeyEditor} key=${name} account=${key} onSaved=${saved} onLeave=${leave} />`;
}

function Toggle({ account, onLeave }) {
  const isOwn = account.id === me.value.key_id;
  const change = async () => {
    put(await call("PATCH", `v1/keys/${account.id}`, { disabled: !account.disabled }));
    onLeave();
    if (isOwn && !account.disabled) signOut();
  };
  if (account.disabled) {
    return html`<${Confirm} title=${`Enable ${account.name}?`} action="Enable" isDanger=${false} onConfirm=${change} onLeave=${onLeave}>
      <p>Whoever holds the key can use it again at once, with the limits that it had.</p><//>`;
  }
  return html`<${Confirm} title=${`Disable ${account.name}?`} action="Disable" onConfirm=${change} onLeave=${onLeave}>
    <p>Requests with this key are refused from now on. What it has used stays on record, and it can be enabled again.</p>
    ${isOwn && html`<p class="notice warn"><strong>This is the key that you are signed in with.</strong> You will be signed out.</p>`}<//>`;
}

function put(account) {
  const isKnown = keys.value.some((key) => key.id === account.id);
  keys.value = isKnown ? keys.value.map((key) => (key.id === account.id ? account : key)) : [...keys.value, account];
}

function withQuery(...rest) {
  const query = place.value.query.toString();
  return `#/${["keys", ...rest].join("/")}${query && `?${query}`}`;
}
