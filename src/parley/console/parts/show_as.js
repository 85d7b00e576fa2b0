// "Show as": the request on the page, ready to be pasted into a terminal or a program.
import { draft, requestOf } from "../ask_draft.js";
import { html, useRef, useSignal } from "../html.js";
import { SNIPPETS } from "../snippets.js";
import { CodeBox } from "./code_box.js";

const MOST_SHOWN = 600; // characters of a quoted text without a gap, such as a picture's

// `path` and `body()` name another request than the Ask form's.
export function ShowAs({ path = "v3/roundtable", body = () => requestOf(draft.peek()) }) {
  const dialog = useRef(null);
  const language = useSignal(SNIPPETS[0].name);
  const shown = useSignal(null);

  function open() {
    try {
      shown.value = { body: body() };
    } catch (error) {
      shown.value = { fault: error.message };
    }
    dialog.current.showModal();
  }

  const chosen = SNIPPETS.find((each) => each.name === language.value);
  return html`
    <button type="button" onClick=${open}>Show as…</button>
    <dialog ref=${dialog} class="show-as" aria-labelledby="show-as-title" onClose=${() => { shown.value = null; }}>
      <header><h2 id="show-as-title">This request as</h2>
        <button type="button" class="plain" onClick=${() => dialog.current.close()}>Close</button></header>
      <div class="segments" role="radiogroup" aria-label="Language">
        ${SNIPPETS.map((each) => html`
          <label><input type="radio" name="snippet" checked=${each === chosen} onChange=${() => { language.value = each.name; }} /><span>${each.title}</span></label>
        `)}
      </div>
      ${shown.value && (shown.value.fault
        ? html`<p class="bad-text">${shown.value.fault}</p>`
        : html`<${Snippet} text=${chosen.write(path, shown.value.body, serverUrl())} />`)}
    </dialog>
  `;
}

function Snippet({ text }) {
  const short = text.split('"').map(shortened).join('"');
  return html`
    <${CodeBox} text=${text} shown=${short} />
    ${short !== text && html`<p class="soft small">Pictures are shortened here. Copy takes them whole.</p>`}
  `;
}

const shortened = (quoted) => (quoted.length > MOST_SHOWN && !/[^!-~]/.test(quoted) ? `${quoted.slice(0, 60)}…` : quoted);

const serverUrl = () => new URL(".", document.baseURI).href.replace(/\/$/, "");
