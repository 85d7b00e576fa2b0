// The list of runs: filters, a page of rows, and the way to the next.
import { get } from "../api.js";
import { html, useEffect, useSignal } from "../html.js";
import { place, refine } from "../router.js";
import { cleared, isFiltered, listPath, pageHref, pageOf } from "../runs/trace_query.js";
import { Notice } from "./notice.js";
import { RunningNow } from "./trace_running.js";
import { TraceFilters } from "./trace_filters.js";
import { TraceTable } from "./trace_table.js";

export function TraceList() {
  const { query } = place.value;
  const found = useSignal(null);
  const fault = useSignal(null);
  const isLoading = useSignal(true);
  const reloads = useSignal(0);
  const reload = () => {
    reloads.value += 1;
  };

  useEffect(() => {
    const canceller = new AbortController();
    isLoading.value = true;
    get(listPath(query), { signal: canceller.signal })
      .then((answer) => {
        found.value = answer;
        fault.value = null;
        isLoading.value = false;
      })
      .catch((error) => {
        if (error.name === "AbortError") return; // another place has been gone to
        fault.value = error;
        isLoading.value = false;
      });
    return () => canceller.abort();
  }, [query.toString(), reloads.value]);

  return html`
    <div class="head">
      <h1>Runs</h1>
      <button type="button" onClick=${reload} disabled=${isLoading.value}>Refresh</button>
    </div>
    <${TraceFilters} query=${query} />
    ${pageOf(query) === 1 && html`<${RunningNow} reloads=${reloads.value} onEnd=${reload} />`}
    ${fault.value && html`<${Notice} error=${fault.value} />`}
    ${!fault.value && html`<${Found} found=${found.value} query=${query} isLoading=${isLoading.value} />`}
  `;
}

function Found({ found, query, isLoading }) {
  if (!found) return html`<p class="soft" role="status">Reading the runs…</p>`;
  if (found.traces.length === 0) return html`<${Nothing} query=${query} />`;
  const number = pageOf(query);
  return html`
    <${TraceTable} traces=${found.traces} isLoading=${isLoading} />
    <nav class="actions pages" aria-label="Pages of runs">
      ${number > 1 && html`<a class="button" href=${pageHref(query, number - 1)}>← Newer</a>`}
      <span class="soft small" role="status">Runs ${found.offset + 1}–${found.offset + found.traces.length}${found.has_more ? "" : ", the last ones"}</span>
      ${found.has_more && html`<a class="button" href=${pageHref(query, number + 1)}>Older →</a>`}
    </nav>
  `;
}

function Nothing({ query }) {
  if (pageOf(query) > 1) return html`<p class="card">There are no older runs. <a href=${pageHref(query, 1)}>Go to the newest</a></p>`;
  if (isFiltered(query)) {
    return html`
      <p class="card">No run fits these filters. <button type="button" class="plain" onClick=${() => refine(cleared)}>Clear the filters</button></p>`;
  }
  return html`
    <p class="card">Nothing has been asked with this key yet, or it is longer ago than runs are kept. <a href="#/ask">Ask a panel</a>, and
      the run appears here once it has ended.</p>`;
}
