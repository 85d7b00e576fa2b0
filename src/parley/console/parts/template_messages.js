// The messages of a template: a role and a text each, or the JSON of one that is more than that.
import { html } from "../html.js";

const ROLES = ["user", "assistant", "system", "developer"];

export function TemplateMessages({ turns, faults, onChange }) {
  const replace = (index, turn) => onChange(turns.map((old, at) => (at === index ? turn : old)));
  const move = (index, step) => {
    const moved = [...turns];
    [moved[index], moved[index + step]] = [moved[index + step], moved[index]];
    onChange(moved);
  };
  const next = turns.at(-1)?.role === "user" ? "assistant" : "user";
  return html`
    <fieldset class="template-messages">
      <legend class="label">Messages</legend>
      <ol>
        ${turns.map((turn, index) => html`
          <li>
            <div class="message-head">
              ${turn.json === undefined
                ? html`<select aria-label=${`Role of message ${index + 1}`} value=${turn.role} onChange=${(event) => replace(index, { ...turn, role: event.target.value })}>
                    ${[...new Set([...ROLES, turn.role])].map((role) => html`<option value=${role}>${role}</option>`)}</select>`
                : html`<span class="small soft">as JSON: it has more than a role and a text</span>`}
              <span class="message-moves">
                <button type="button" class="plain" aria-label=${`Move message ${index + 1} up`} disabled=${index === 0} onClick=${() => move(index, -1)}>↑</button>
                <button type="button" class="plain" aria-label=${`Move message ${index + 1} down`} disabled=${index === turns.length - 1} onClick=${() => move(index, 1)}>↓</button>
                <button type="button" class="plain" aria-label=${`Remove message ${index + 1}`} onClick=${() => onChange(turns.filter((_, at) => at !== index))}>×</button>
              </span>
            </div>
            ${turn.json === undefined
              ? html`<textarea id=${`template-turns.${index}`} aria-label=${`Text of message ${index + 1}`} rows="3" value=${turn.text} placeholder="Text with {{ placeholders }}"
                  onInput=${(event) => replace(index, { ...turn, text: event.target.value })}></textarea>`
              : html`<textarea id=${`template-turns.${index}`} class="mono" aria-label=${`JSON of message ${index + 1}`} rows="6" spellcheck="false" value=${turn.json}
                  aria-invalid=${Boolean(faults[`turns.${index}`])} onInput=${(event) => replace(index, { json: event.target.value })}></textarea>`}
            ${faults[`turns.${index}`] && html`<p class="small bad-text" role="alert">${faults[`turns.${index}`]}</p>`}
          </li>
        `)}
      </ol>
      <button type="button" onClick=${() => onChange([...turns, { role: next, text: "" }])}>Add a message</button>
      <p class="small soft">They come before the request's own; with none, a request brings all of them.</p>
    </fieldset>
  `;
}
