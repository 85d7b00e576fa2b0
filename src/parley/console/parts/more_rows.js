// The button below a table that shows a part of its rows.
import { count } from "../format.js";
import { html } from "../html.js";

// `shown`: a signal with how many rows are shown of `all`; each click shows `step` more.
export function MoreRows({ shown, all, step }) {
  if (all <= shown.value) return null;
  return html`
    <button type="button" class="more" onClick=${() => { shown.value += step; }}>
      Show more <span class="soft">(${count(all - shown.value)} are left)</span></button>
  `;
}
