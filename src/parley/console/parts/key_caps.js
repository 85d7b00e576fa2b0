// What a key has spent of what it may: a bar for each cap, in words for a reader without eyes for bars.
import { money } from "../format.js";
import { html } from "../html.js";

const WARM = 0.8;
const HOT = 0.95;

// `account` has spent_usd, spent_month_usd, spend_cap_usd, spend_cap_month_usd, as keys and GET /v1/balance do.
export function KeyCaps({ account }) {
  const caps = [
    { title: "this month", spent: account.spent_month_usd, most: account.spend_cap_month_usd },
    { title: "in all", spent: account.spent_usd, most: account.spend_cap_usd },
  ];
  const free = caps.filter((cap) => cap.most === null);
  return html`
    <div class="caps">
      ${caps.filter((cap) => cap.most !== null).map((cap) => html`<${Cap} ...${cap} />`)}
      ${free.length > 0 && html`<div>${free.map((cap, index) => html`${index > 0 && ", "}${money(cap.spent)} <span class="soft">${cap.title}</span>`)}</div>`}
      ${free.length === caps.length && html`<span class="soft small">no cap</span>`}
    </div>
  `;
}

function Cap({ title, spent, most }) {
  const words = `${money(spent)} of ${money(most)} ${title}`;
  const share = Number(spent) / Number(most);
  return html`
    <div class="cap">
      <span>${money(spent)} <span class="soft">of ${money(most)} ${title}</span>
        ${share >= 1 ? html` <b class="bad-text">used up</b>` : share >= WARM && html` <b class="warn-text">${Math.floor(share * 100)} %</b>`}</span>
      <meter min="0" max=${most} low=${most * WARM} high=${most * HOT} optimum="0" value=${spent} aria-label=${words}></meter>
    </div>
  `;
}
