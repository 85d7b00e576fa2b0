// One provider: how it is set, how it is doing, and what the doctor found.
import { ago, count, moment } from "../format.js";
import { html } from "../html.js";
import { check, checking, checks } from "../providers.js";
import { href } from "../router.js";
import { ProviderFindings } from "./provider_findings.js";

const STATES = {
  ok: { title: "well", kind: "good" },
  failing: { title: "failing", kind: "bad" },
  unknown: { title: "not called yet", kind: "off" },
};

export function ProviderCard({ provider }) {
  const { name } = provider;
  const state = STATES[provider.state];
  const isBusy = checking.value.includes(name);
  const outcome = checks.value[name];
  return html`
    <article class="card provider" aria-label=${name}>
      <header>
        <h2>${name}</h2> <span class=${`badge ${state.kind}`}>${state.title}</span>
        <button type="button" aria-label=${`Check ${name}`} disabled=${isBusy} onClick=${() => check([name])}>${isBusy ? "Checking…" : "Check"}</button>
      </header>
      <${Settings} provider=${provider} />
      <${Traffic} provider=${provider} />
      ${provider.last_failure && html`<${LastFailure} failure=${provider.last_failure} isNewest=${provider.state === "failing"} />`}
      ${provider.breakers.filter((breaker) => breaker.state !== "closed").map((breaker) => html`<${Breaker} breaker=${breaker} />`)}
      ${outcome && html`<${ProviderFindings} outcome=${outcome} />`}
    </article>
  `;
}

function Settings({ provider }) {
  return html`
    <p class="settings small soft">
      <span>${provider.dialect}</span>
      ${provider.base_url && html`<code>${provider.base_url}</code>`}
      ${provider.api_key && html`<span class=${provider.api_key.set ? "" : "bad-text"}><code>${provider.api_key.env}</code> is ${provider.api_key.set ? "set" : "not set"}</span>`}
      ${provider.max_concurrency && html`<span>at most ${count(provider.max_concurrency)} calls at once</span>`}
      ${provider.model_count === 0
        ? html`<span>no model of it is listed</span>`
        : html`<a href=${`${href("models")}?provider=${encodeURIComponent(provider.name)}`}>${provider.model_count === 1 ? "1 model" : `${count(provider.model_count)} models`}</a>`}
    </p>
  `;
}

function Traffic({ provider }) {
  const facts = [
    ["in flight", count(provider.in_flight)],
    ["calls", count(provider.calls)],
    ["failed", count(provider.failures)],
  ];
  return html`
    <dl class="traffic">
      ${facts.map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`)}
      <div><dt>last success</dt><dd>${provider.last_success_at
        ? html`<time datetime=${provider.last_success_at} title=${moment(provider.last_success_at)}>${ago(provider.last_success_at)}</time>` : "–"}</dd></div>
    </dl>
  `;
}

function LastFailure({ failure, isNewest }) {
  return html`
    <p class=${`failure small ${isNewest ? "" : "soft"}`}>
      <span class=${isNewest ? "bad-text" : ""}>Failed <time datetime=${failure.at} title=${moment(failure.at)}>${ago(failure.at)}</time></span>${" "}
      with <code>${failure.model}</code>: <code>${failure.error_code}</code>. ${failure.error}
    </p>
  `;
}

function Breaker({ breaker }) {
  const when = breaker.state === "probing" ? "the next call tries it again" : `tried again in ${Math.ceil(breaker.probe_in_s)} s`;
  return html`<p class="breaker small"><span class="badge bad">breaker open</span> <code>${breaker.model}</code> is left alone after ${breaker.failures} failures; ${when}.</p>`;
}
