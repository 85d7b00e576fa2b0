// Who is signed in. The key lives in this tab's session storage and nowhere else; it is sent to this server only.
import { signal } from "./html.js";

const STORED = "parley.key";
export const isOpenServer = document.documentElement.dataset.auth === "open";

export const key = signal(sessionStorage.getItem(STORED) ?? (isOpenServer ? "" : null));

// What GET /v1/me answers, once it has: {key_id, name, admin, rpm, rpd, spend_cap_usd, ...}.
export const me = signal(null);

export function signIn(value) {
  sessionStorage.setItem(STORED, value);
  key.value = value;
}

export function signOut() {
  sessionStorage.removeItem(STORED);
  me.value = null;
  key.value = isOpenServer ? "" : null;
}

export const canSignOut = () => sessionStorage.getItem(STORED) !== null;
