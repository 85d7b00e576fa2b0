// The providers of this server, for admin keys: how they are doing, and what checks have found.
import { get, post } from "./api.js";
import { computed, effect, signal } from "./html.js";
import { me } from "./session.js";

export const providers = signal(null); // {window_s, providers} of GET /v1/providers; null until they are known
export const providersFault = signal(null);
export const checks = signal({}); // by name: {check, at} of POST /v1/providers/check, or {fault}
export const checking = signal([]); // names that are being checked

export const failing = computed(() => (providers.value?.providers ?? []).filter((provider) => provider.state === "failing"));

effect(() => {
  if (me.value !== null) return;
  providers.value = null;
  checks.value = {};
});

export async function loadProviders() {
  try {
    providers.value = await get("v1/providers");
    providersFault.value = null;
  } catch (error) {
    providersFault.value = error;
  }
}

// Each is asked for by itself, so that a slow one doesn't keep the others' findings waiting.
export function check(names) {
  const idle = names.filter((name) => !checking.value.includes(name));
  return Promise.all(idle.map(checkOne));
}

async function checkOne(name) {
  checking.value = [...checking.value, name];
  try {
    const [found] = (await post("v1/providers/check", { providers: [name] })).checks;
    remember(name, { check: found, at: new Date().toISOString() });
  } catch (fault) {
    remember(name, { fault });
  } finally {
    checking.value = checking.value.filter((each) => each !== name);
  }
}

function remember(name, outcome) {
  checks.value = { ...checks.value, [name]: outcome };
}
