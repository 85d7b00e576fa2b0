// The keys as a table: who, what it may, what it has spent, when it was used, and what can be done with it.
import { ago, count, moment } from "../format.js";
import { html, useSignal } from "../html.js";
import { href, place, refine } from "../router.js";
import { KeyCaps } from "./key_caps.js";
import { KeyBadges } from "./key_state.js";
import { MoreRows } from "./more_rows.js";

const SHOWN_AT_ONCE = 100;
const MODELS_SHOWN = 3;
const COLUMNS = [
  { name: "name", title: "Key", order: (a, b) => a.name.localeCompare(b.name) },
  { title: "Limits" },
  { name: "spent", title: "Spend", order: (a, b) => Number(b.spent_usd) - Number(a.spent_usd) },
  { title: "Models" },
  { name: "used", title: "Last used", order: (a, b) => Date.parse(b.last_used_at ?? 0) - Date.parse(a.last_used_at ?? 0) },
];

// `onToggle(key)` asks to disable or enable it.
export function KeyTable({ keys, onToggle }) {
  const most = useSignal(SHOWN_AT_ONCE);
  const sorted = COLUMNS.find((column) => column.name && column.name === place.value.query.get("sort"));
  const rows = sorted ? [...keys].sort(sorted.order) : [...keys].reverse(); // the server lists the oldest first
  return html`
    <div class="card table-box" role="region" aria-label="Keys" tabindex="0">
      <table class="keys">
        <caption class="hidden">Keys with their limits and what they have spent</caption>
        <thead><tr>
          ${COLUMNS.map((column) => html`<${Head} column=${column} isSorted=${column === sorted} />`)}
          <th scope="col"><span class="hidden">Actions</span></th>
        </tr></thead>
        <tbody>${rows.slice(0, most.value).map((key) => html`<${Row} key=${key.id} account=${key} onToggle=${onToggle} />`)}</tbody>
      </table>
    </div>
    <${MoreRows} shown=${most} all=${rows.length} step=${SHOWN_AT_ONCE} />
  `;
}

function Head({ column, isSorted }) {
  if (!column.name) return html`<th scope="col">${column.title}</th>`;
  const direction = column.name === "name" ? "ascending" : "descending";
  return html`
    <th scope="col" aria-sort=${isSorted ? direction : null}>
      <button type="button" class="plain sort" onClick=${() => refine({ sort: isSorted ? "" : column.name })}>
        ${column.title}${isSorted && html` <span aria-hidden="true">${direction === "ascending" ? "↑" : "↓"}</span>`}</button>
    </th>
  `;
}

function Row({ account, onToggle }) {
  const query = place.value.query.toString();
  return html`
    <tr class=${account.disabled ? "is-off" : ""}>
      <th scope="row">
        <span class="key-name">${account.name}</span> <${KeyBadges} account=${account} />
        <code class="soft">${account.id}</code>
      </th>
      <td>${limits(account)}</td>
      <td><${KeyCaps} account=${account} /></td>
      <td>${account.models === null ? html`<span class="soft">all</span>` : html`<${Models} names=${account.models} />`}</td>
      <td class="nowrap">${account.last_used_at
        ? html`<time datetime=${account.last_used_at} title=${moment(account.last_used_at)}>${ago(account.last_used_at)}</time>`
        : html`<span class="soft">never</span>`}</td>
      <td class="row-actions">
        <a class="button" href=${`${href("keys", account.id)}${query && `?${query}`}`} aria-label=${`Edit ${account.name}`}>Edit</a>
        <button type="button" aria-label=${`${account.disabled ? "Enable" : "Disable"} ${account.name}`} onClick=${() => onToggle(account)}>
          ${account.disabled ? "Enable" : "Disable"}</button>
      </td>
    </tr>
  `;
}

function limits({ rpm, rpd }) {
  if (rpm === null && rpd === null) return html`<span class="soft">none</span>`;
  return html`
    ${rpm !== null && html`<div class="nowrap">${count(rpm)} <span class="soft">a minute</span></div>`}
    ${rpd !== null && html`<div class="nowrap">${count(rpd)} <span class="soft">a day</span></div>`}
  `;
}

function Models({ names }) {
  const rest = names.length - MODELS_SHOWN;
  return html`<span title=${names.join("\n")}>
    ${names.slice(0, MODELS_SHOWN).map((name) => html`<code class="model">${name}</code> `)}
    ${rest > 0 && html`<span class="soft nowrap">and ${rest} more</span>`}</span>`;
}
