// The models as a table: name, where it is served, size, prices, what it can do, and a way to ask with it.
import { draft, edit } from "../ask_draft.js";
import { count } from "../format.js";
import { html, useSignal } from "../html.js";
import { FIGURES, capabilitiesOf, sorted } from "../model_facts.js";
import { place, refine } from "../router.js";
import { MoreRows } from "./more_rows.js";

const SHOWN_AT_ONCE = 100;
const COLUMNS = [
  { name: "name", title: "Model" },
  { title: "Provider" },
  { name: "context", title: "Context", isNumber: true, falls: true },
  { name: "output", title: "Most output", isNumber: true, falls: true },
  { name: "read", title: "Input", unit: "$ per 1M", isNumber: true },
  { name: "cached", title: "Cached", unit: "$ per 1M", isNumber: true },
  { name: "written", title: "Output", unit: "$ per 1M", isNumber: true },
  { title: "Can" },
];

export function ModelTable({ models }) {
  const most = useSignal(SHOWN_AT_ONCE);
  const column = COLUMNS.find((each) => each.name && each.name === place.value.query.get("sort"));
  const isFalling = place.value.query.get("order") === "desc";
  const rows = column ? sorted(models, column.name, isFalling) : models;
  return html`
    <div class="card table-box" role="region" aria-label="Models" tabindex="0">
      <table class="models">
        <caption class="hidden">Models with their prices in US dollars for a million tokens</caption>
        <thead><tr>
          ${COLUMNS.map((each) => html`<${Head} column=${each} isSorted=${each === column} isFalling=${isFalling} />`)}
          <th scope="col"><span class="hidden">Ask</span></th>
        </tr></thead>
        <tbody>${rows.slice(0, most.value).map((model) => html`<${Row} key=${model.id} model=${model} />`)}</tbody>
      </table>
    </div>
    <${MoreRows} shown=${most} all=${rows.length} step=${SHOWN_AT_ONCE} />
  `;
}

// A click sorts, the next one turns the order round, the third lets it be.
function Head({ column, isSorted, isFalling }) {
  const kind = column.isNumber ? "number" : null;
  const unit = column.unit && html` <span class="unit">${column.unit}</span>`;
  if (!column.name) return html`<th scope="col" class=${kind}>${column.title}</th>`;
  const first = column.falls ? "desc" : "";
  const turn = () => {
    if (!isSorted) refine({ sort: column.name, order: first });
    else if (isFalling === Boolean(first)) refine({ order: first ? "" : "desc" });
    else refine({ sort: "", order: "" });
  };
  return html`
    <th scope="col" class=${kind} aria-sort=${isSorted ? (isFalling ? "descending" : "ascending") : null}>
      <button type="button" class="plain sort" onClick=${turn}>${column.title}${isSorted && html` <span aria-hidden="true">${isFalling ? "↓" : "↑"}</span>`}</button>${unit}
    </th>
  `;
}

function Row({ model }) {
  return html`
    <tr>
      <th scope="row">
        <span class="listed-name">${model.id}</span>
        ${model.sandbox && html` <span class="badge off" title="A small program inside Parley, no language model">embedded</span>`}
        ${model.is_composite && html` <span class="badge">panel</span>`}
        <${About} model=${model} />
      </th>
      <td class="served" title=${model.provider}>${model.provider}</td>
      <td class="number">${size(model.context_window)}</td>
      <td class="number">${size(model.max_output_tokens)}</td>
      <td class="number">${dollars(FIGURES.read(model))}</td>
      <td class="number">${dollars(FIGURES.cached(model))}</td>
      <td class="number">${dollars(FIGURES.written(model))}</td>
      <td><span class="capabilities">${capabilitiesOf(model).map(({ title, about }) => html`<span class="badge off" title=${about}>${title}</span>`)}</span></td>
      <td class="row-actions">${model.is_composite ? html`<span class="soft small" title="Chat completions take it as their model">by chat only</span>` : html`<${AskWith} name=${model.id} />`}</td>
    </tr>
  `;
}

function About({ model }) {
  const members = (model.composite_models ?? []).join(", ");
  const title = model.name !== model.id ? model.name : "";
  const text = members || model.description || title;
  return text ? html`<span class="about">${text}</span>` : null;
}

function AskWith({ name }) {
  const isSeated = draft.value.seats.some((seat) => seat.name === name);
  const turn = () => {
    const { seats } = draft.value;
    edit({ seats: isSeated ? seats.filter((seat) => seat.name !== name) : [...seats, { name }] });
  };
  return html`<button type="button" class=${isSeated ? "seated" : ""} onClick=${turn}>
    ${isSeated ? "✓ In Ask" : html`Ask<span class="with"> with it</span>`}<span class="hidden">: ${name}${isSeated && ", take it out"}</span></button>`;
}

function size(tokens) {
  if (!tokens) return html`<span class="soft">–</span>`;
  const short = tokens >= 1_000_000 ? `${Number((tokens / 1_000_000).toFixed(2))}M` : tokens >= 1000 ? `${Math.round(tokens / 1000)}k` : tokens;
  return html`<span title=${`${count(tokens)} tokens`}>${short}</span>`;
}

function dollars(usd) {
  if (usd === null) return html`<span class="soft" title="not known">–</span>`;
  return usd === 0 ? "free" : usd.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 6 });
}
