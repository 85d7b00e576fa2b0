// Which days are looked at: the last 7, 30 or 90, or any others.
import { html } from "../html.js";
import { refine } from "../router.js";
import { dayOf, SPANS } from "../usage_span.js";

export function SpanChooser({ span }) {
  const today = dayOf(Date.now());
  const choose = (days) => refine({ days, from: null, to: null });
  const edit = (fields) => refine({ from: span.from, to: span.to, ...fields, days: null });
  return html`
    <div class="span-chooser">
      <fieldset class="segments">
        <legend class="hidden">Days that are shown</legend>
        ${SPANS.map((days) => html`
          <label><input type="radio" name="span" checked=${!span.isCustom && span.days === days} onChange=${() => choose(days)} /><span>${days} days</span></label>`)}
        <label><input type="radio" name="span" checked=${span.isCustom} onChange=${() => edit({})} /><span>Custom</span></label>
      </fieldset>
      ${span.isCustom && html`
        <label class="date">From <input type="date" max=${today} value=${span.from} onChange=${(event) => edit({ from: event.target.value || span.from })} /></label>
        <label class="date">to <input type="date" max=${today} value=${span.to} onChange=${(event) => edit({ to: event.target.value || span.to })} /></label>`}
    </div>
  `;
}
