// Every provider as a card, looked at again every few seconds, and the doctor for all of them.
import { html, useEffect } from "../html.js";
import { check, checking, checks, loadProviders, providers, providersFault } from "../providers.js";
import { Notice } from "./notice.js";
import { ProviderCard } from "./provider_card.js";

const REFRESH_MS = 5000;

export function ProviderList() {
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) loadProviders();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const known = providers.value?.providers;
  if (!known) {
    return providersFault.value
      ? html`<${Notice} error=${providersFault.value} /><button type="button" class="more" onClick=${loadProviders}>Try again</button>`
      : html`<p class="soft" role="status">Fetching the providers…</p>`;
  }
  const names = known.map((provider) => provider.name);
  const isBusy = checking.value.length > 0;
  return html`
    <div class="doctor">
      <button type="button" class="primary" disabled=${isBusy} onClick=${() => check(names)}>${isBusy ? "Checking…" : "Check all"}</button>
      <p class="soft small">A check asks a provider for its list of models: it costs nothing. To see a model answer, ask it.
        The counts are those of the last ${Math.round(providers.value.window_s / 60)} minutes, as the process that answered has seen them.</p>
      <p class="small" role="status">${summary(names)}</p>
    </div>
    ${providersFault.value && html`<${Notice} error=${providersFault.value} />`}
    <div class="providers">${known.map((provider) => html`<${ProviderCard} key=${provider.name} provider=${provider} />`)}</div>
  `;
}

function summary(names) {
  const done = names.map((name) => checks.value[name]?.check).filter(Boolean);
  if (done.length === 0 || checking.value.length > 0) return "";
  const bad = done.filter((found) => found.status !== "ok").map((found) => found.provider);
  const all = done.length === 1 ? "1 provider was checked" : `${done.length} providers were checked`;
  return bad.length === 0 ? `${all}: all is well.` : `${all}; look at ${bad.join(", ")}.`;
}
