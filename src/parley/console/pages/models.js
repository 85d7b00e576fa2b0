// Models: what can be asked, what it can do and what it costs; for admin keys also how the providers are doing.
import { get } from "../api.js";
import { effect, html, signal, useEffect } from "../html.js";
import { AskingWith } from "../parts/asking_with.js";
import { ModelFilters } from "../parts/model_filters.js";
import { ModelTable } from "../parts/model_table.js";
import { fitting } from "../model_facts.js";
import { Notice } from "../parts/notice.js";
import { ProviderList } from "../parts/provider_list.js";
import { failing, loadProviders } from "../providers.js";
import { href, place } from "../router.js";
import { me } from "../session.js";

const models = signal(null); // as GET /v1/models lists them; null until they are known
const fault = signal(null);

effect(() => {
  if (me.value === null) models.value = null;
});

export function Models() {
  const showsProviders = me.value.admin && place.value.rest[0] === "providers";
  useEffect(() => {
    load();
    if (me.value.admin) loadProviders();
  }, []);
  return html`
    <div class="page-head">
      <h1>${showsProviders ? "Providers" : "Models"}</h1>
      ${me.value.admin && html`<${Views} showsProviders=${showsProviders} />`}
    </div>
    ${showsProviders ? html`<${ProviderList} />` : html`<${Listing} />`}
  `;
}

function Views({ showsProviders }) {
  const count = failing.value.length;
  return html`
    <nav class="views" aria-label="Models and providers">
      <a href=${href("models")} aria-current=${showsProviders ? null : "true"}>Models</a>
      <a href=${href("models", "providers")} aria-current=${showsProviders ? "true" : null}>Providers
        ${count > 0 && html`<span class="badge bad">${count} failing</span>`}</a>
    </nav>
  `;
}

async function load() {
  fault.value = null;
  try {
    models.value = (await get("v1/models")).data;
  } catch (error) {
    fault.value = error;
  }
}

function Listing() {
  if (fault.value) {
    return html`<${Notice} error=${fault.value} /><button type="button" class="more" onClick=${load}>Try again</button>`;
  }
  if (models.value === null) return html`<p class="soft" role="status">Fetching the models…</p>`;
  if (models.value.length === 0) {
    return html`<p class="card empty">This server lists no model. Name a provider in <code>parley.toml</code>, or set a key such as <code>OPENAI_API_KEY</code>,
      and start it again; <code>parley doctor</code> says what is missing.</p>`;
  }
  const found = fitting(models.value, place.value.query);
  return html`
    <${ModelFilters} models=${models.value} found=${found.length} />
    ${found.length > 0
      ? html`<${ModelTable} models=${found} />`
      : html`<p class="card empty">No model fits. <a href=${href("models")}>Show all models</a>. A model that isn't listed can be asked all the same, as <code>provider/model</code>.</p>`}
    <${AskingWith} />
  `;
}
