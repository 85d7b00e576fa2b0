// Who is signed in. The key lives in this tab's session storage and nowhere else; it is sent to this server only.
import { batch, signal } from "./html.js";

const PREFIX = "parley."; // of the names of all that the console stores in this tab
const STORED = "parley.key";
const OWNER = "parley.owner"; // the id of the key whose drafts and questions stand in this tab

export const isOpenServer = document.documentElement.dataset.auth === "open";
export const key = signal(sessionStorage.getItem(STORED) ?? (isOpenServer ? "" : null));
// What GET /v1/me answers, once it has: {key_id, name, admin, rpm, rpd, spend_cap_usd, ...}.
export const me = signal(null);

// Takes in whom GET /v1/me has `found` behind the key `secret`. What another key has left in this tab goes first.
export function enter(found, secret) {
  const owner = sessionStorage.getItem(OWNER);
  const kept = { [OWNER]: found.key_id, ...(secret && { [STORED]: secret }) };
  if (owner !== null && owner !== found.key_id) return beginAnew(kept);
  store(kept);
  batch(() => {
    me.value = found; // at once with the key: whoever waits for a caller asks with it
    key.value = secret;
  });
}

// The server takes the key no longer. Drafts wait for it: who signs in with the same one, allowed again, goes on with them.
export function lock() {
  const isKeyless = isOpenServer && key.peek() !== ""; // an open server may still take a caller without one
  sessionStorage.removeItem(STORED);
  batch(() => {
    me.value = null;
    key.value = isKeyless ? "" : null;
  });
}

export function signOut() {
  lock();
  history.replaceState(null, "", location.pathname + location.search); // the place may name what only this key sees
  beginAnew({});
}

// Takes the drafts, not the key.
export function emptyTab() {
  const kept = [STORED, OWNER].map((name) => [name, sessionStorage.getItem(name)]).filter(([, value]) => value !== null);
  beginAnew(Object.fromEntries(kept));
}

export const canSignOut = () => sessionStorage.getItem(STORED) !== null;

// By a reload, so that drafts, answers and streams in the page's memory go too.
function beginAnew(kept) {
  const clear = () => {
    Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX)).forEach((name) => sessionStorage.removeItem(name));
    store(kept);
  };
  clear();
  addEventListener("pagehide", clear); // for what a stream writes until then
  location.reload();
}

const store = (fields) => Object.entries(fields).forEach(([name, value]) => sessionStorage.setItem(name, value));
