// A table of figures: sorted by any column, a part of it at first, and all of it as CSV.
import { csvOf, saveAs } from "../csv.js";
import { html, useSignal } from "../html.js";
import { MoreRows } from "./more_rows.js";

const SHOWN_AT_ONCE = 25;

// `columns`: {title, of(row): what it is sorted by, view(row): what is shown, isText}; the first names the row. `file` names the
// CSV, `fields(row)` gives the flat object, or the several, that stand in it for a row.
export function FigureTable({ title, about, columns, rows, file, fields, atOnce = SHOWN_AT_ONCE }) {
  const sorted = useSignal(null); // {column, isUp}
  const most = useSignal(atOnce);
  const shown = sorted.value ? [...rows].sort(order(sorted.value)) : rows;
  const sort = (column) => {
    const old = sorted.value;
    sorted.value = { column, isUp: old?.column.title === column.title ? !old.isUp : Boolean(column.isText) };
  };
  return html`
    <section class="card figures" aria-label=${title}>
      <header>
        <h2>${title}</h2>
        <button type="button" aria-label=${`${title} as CSV`} onClick=${() => saveAs(file, csvOf(rows.flatMap(fields)))}>CSV</button>
      </header>
      ${about && html`<p class="soft small about">${about}</p>`}
      <div class="table-box" role="region" aria-label=${`${title}, table`} tabindex="0">
        <table>
          <caption class="hidden">${title}</caption>
          <thead><tr>${columns.map((column) => html`<${Head} column=${column} sorted=${sorted.value} onSort=${() => sort(column)} />`)}</tr></thead>
          <tbody>${shown.slice(0, most.value).map((row) => html`<${Row} columns=${columns} row=${row} />`)}</tbody>
        </table>
      </div>
      <${MoreRows} shown=${most} all=${rows.length} step=${4 * SHOWN_AT_ONCE} />
    </section>
  `;
}

function Head({ column, sorted, onSort }) {
  const isSorted = sorted?.column.title === column.title;
  const direction = isSorted ? (sorted.isUp ? "ascending" : "descending") : null;
  return html`
    <th scope="col" class=${column.isText ? "" : "number"} aria-sort=${direction}>
      <button type="button" class="plain sort" onClick=${onSort}>${column.title}${isSorted
        && html` <span aria-hidden="true">${sorted.isUp ? "↑" : "↓"}</span>`}</button>
    </th>
  `;
}

function Row({ columns: [first, ...others], row }) {
  return html`
    <tr>
      <th scope="row">${first.view(row)}</th>
      ${others.map((column) => html`<td class=${column.isText ? "" : "number"}>${column.view(row)}</td>`)}
    </tr>
  `;
}

// What isn't known comes last, whichever way the others stand.
function order({ column, isUp }) {
  return (one, other) => {
    const [a, b] = [column.of(one), column.of(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    const found = typeof a === "string" ? a.localeCompare(b) : a - b;
    return isUp ? found : -found;
  };
}
