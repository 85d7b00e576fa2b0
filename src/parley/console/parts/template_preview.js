// What a request with this template says, as it is typed: a value for each placeholder, and the texts with them filled in.
import { count } from "../format.js";
import { html, useMemo } from "../html.js";
import { messagesOf, partsOf, textsOf } from "../template_form.js";
import { MOST_FILLED_CHARACTERS, filledSize, piecesOf, placeholdersOf } from "../template_text.js";

// `declared`: names that the template lists, used or not. `values`: {name: text}; a name without an entry is missing, an empty text is not.
export function TemplatePreview({ fields, declared, values, onValues, children }) {
  const texts = textsOf(fields);
  const names = placeholdersOf(texts);
  const unused = declared.filter((name) => !names.includes(name));
  const size = filledSize(texts, values);
  return html`
    <section class="card template-preview" aria-label="Preview">
      <h2>Preview</h2>
      ${names.length === 0
        ? html`<p class="small soft">No variables yet: write <code>{{ name }}</code> in a text, with letters, digits and underscores, and it gets a field here.</p>`
        : html`<div class="template-values">${names.map((name) => html`<${Value} key=${name} name=${name} values=${values} onValues=${onValues} />`)}</div>`}
      ${unused.length > 0 && html`<p class="small soft">Declared, but in no text: ${unused.map((name) => html`<code class="model">${name}</code> `)}</p>`}
      <div class="rendered-messages" role="group" aria-label="The texts as models get them">
        ${fields.system && html`<${Message} role="system" parts=${[{ text: fields.system }]} values=${values} />`}
        ${messagesOf(fields).map((message) => html`<${Message} role=${String(message.role ?? "no role")} parts=${partsOf(message)} values=${values} />`)}
      </div>
      <p class="small" role="status">${verdict(names, values, size)}</p>
      ${children}
    </section>
  `;
}

export const missingOf = (fields, values) => placeholdersOf(textsOf(fields)).filter((name) => !Object.hasOwn(values, name));

function verdict(names, values, size) {
  const missing = names.filter((name) => !Object.hasOwn(values, name));
  if (size > MOST_FILLED_CHARACTERS) return html`<span class="bad-text">${count(size)} characters with these values; the server takes at most ${count(MOST_FILLED_CHARACTERS)}.</span>`;
  if (missing.length > 0) return html`<span class="warn-text">${missing.length === 1 ? `${missing[0]} has no value` : `${missing.length} variables have no value`}: the server refuses a request without.</span>`;
  return html`<span class="soft">${names.length > 0 ? "Every variable has a value. " : ""}${count(size)} characters.</span>`;
}

function Value({ name, values, onValues }) {
  const isGiven = Object.hasOwn(values, name);
  const id = `variable-${name}`;
  const unset = () => onValues(Object.fromEntries(Object.entries(values).filter(([other]) => other !== name)));
  return html`
    <div>
      <div class="value-head">
        <label for=${id}><code>${name}</code></label>
        <span id=${`${id}-state`}>${!isGiven && html`<span class="badge warn">missing</span>`}${isGiven && values[name] === "" && html`<span class="badge off">empty</span>`}</span>
      </div>
      <div class="value-row">
        <textarea id=${id} rows="1" aria-describedby=${`${id}-state`} value=${isGiven ? values[name] : ""} onInput=${(event) => onValues({ ...values, [name]: event.target.value })}></textarea>
        ${isGiven && html`<button type="button" class="chip-x" aria-label=${`Take the value of ${name} away`} title="Take the value away" onClick=${unset}>×</button>`}
      </div>
    </div>
  `;
}

function Message({ role, parts, values }) {
  return html`
    <article class="rendered">
      <h3>${role}</h3>
      ${parts.map((part) => (part.kind ? html`<span class="badge off">${part.kind}</span> ` : html`<${Filled} text=${part.text} values=${values} />`))}
    </article>
  `;
}

function Filled({ text, values }) {
  const pieces = useMemo(() => piecesOf(text, values), [text, values]);
  return html`<div class="rendered-text">${pieces.map((piece) => {
    if (!piece.name) return piece.text;
    return html`<mark class=${piece.isMissing ? "missing" : ""} title=${piece.isMissing ? `${piece.name} has no value` : piece.name}>${piece.text}</mark>`;
  })}</div>`;
}
