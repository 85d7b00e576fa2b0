// The models that stand in the Ask form, with the way there; it stays in sight while models are chosen from a long table.
import { draft } from "../ask_draft.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { href } from "../router.js";

const MOST_NAMED = 4;

export function AskingWith() {
  const names = [...new Set(draft.value.seats.map((seat) => seat.name))];
  const rest = names.length - MOST_NAMED;
  return html`
    <div class="asking-with card" role="status">
      <span>${names.length === 0
        ? "No model stands in the Ask form yet."
        : html`<strong>In the Ask form:</strong> <span class="long">${names.slice(0, MOST_NAMED).join(", ")}${rest > 0 && ` and ${rest} more`}</span
          ><span class="short">${names.length === 1 ? "1 model" : `${count(names.length)} models`}</span>`}</span>
      <a class="button primary" href=${href("ask")}>Go to Ask</a>
    </div>
  `;
}
