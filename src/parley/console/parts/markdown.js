// Answers as Markdown. A model's text is hostile until DOMPurify has seen it: no script, no style, no foreign picture.
import DOMPurify from "../vendor/dompurify.js";
import { marked } from "../vendor/marked.js";
import { copyText } from "../clipboard.js";
import { html, useMemo, useRef } from "../html.js";
import { Blocks, isFence } from "../markdown_blocks.js";

const LONGEST_TAIL = 4000; // characters of one unfinished block that are rendered anew with each frame; beyond: as plain text
const LONGEST_BLOCK = 20_000; // of a finished one: some texts take marked longer than their length warrants
const LONG_ANSWER = 20; // blocks; from here on those out of sight are not laid out

marked.use({
  gfm: true,
  renderer: {
    // Pictures would be fetched from where the model says: the policy forbids that, and so they are shown as links.
    image({ href, text }) {
      return `<a href="${escape(href)}">${escape(text || href)}</a>`;
    },
    html({ text }) {
      return escape(text); // what a model writes as HTML is shown, not obeyed
    },
    checkbox({ checked }) {
      return checked ? "☑ " : "☐ "; // a field of a form would not be let through
    },
    code({ text, lang }) {
      const name = escape((lang ?? "").split(/\s/)[0]);
      return `<div class="code"><div class="code-head"><span>${name}</span><button type="button" class="copy plain">Copy</button></div><pre tabindex="0"><code>${escape(text)}</code></pre></div>`;
    },
  },
});

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
});

const POLICY = { FORBID_TAGS: ["style", "form", "input", "img", "video", "audio", "iframe"], FORBID_ATTR: ["style", "id", "name"] };

// `isDone`: the text won't grow any more.
export function Markdown({ text, isDone }) {
  const blocks = useRef(null);
  blocks.current ??= new Blocks();
  const { settled, tail } = blocks.current.update(text);
  const isLong = settled.length > LONG_ANSWER;
  return html`
    <div class=${isLong ? "prose long" : "prose"} onClick=${copyCode}>
      ${settled.map((block, index) => html`<${Block} key=${index} text=${block} />`)}
      ${tail && (tail.length > LONGEST_TAIL && !isDone ? html`<${Plain} text=${tail} />` : html`<${Block} key=${settled.length} text=${tail} />`)}
    </div>
  `;
}

function Block({ text }) {
  const content = useMemo(() => rendered(text), [text]);
  if (content === null) return html`<${Plain} text=${text} />`;
  return html`<div class="block" dangerouslySetInnerHTML=${content}></div>`;
}

// Null for what is better shown as it stands: too long, or nested so deep that marked gives up.
function rendered(text) {
  if (text.length > LONGEST_BLOCK && !isFence(text)) return null;
  try {
    return { __html: DOMPurify.sanitize(marked.parse(text), POLICY) };
  } catch {
    return null;
  }
}

// In pieces, so that a growing text is laid out anew only at its end.
function Plain({ text }) {
  const name = isFence(text) ? "block raw mono" : "block raw";
  return pieces(text).map((piece, index) => html`<div key=${index} class=${name}>${piece}</div>`);
}

function pieces(text) {
  const found = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at + LONGEST_TAIL);
    found.push(text.slice(at, end < 0 ? text.length : end));
    at = end < 0 ? text.length : end + 1;
  }
  return found;
}

async function copyCode(event) {
  const button = event.target.closest(".copy");
  if (!button) return;
  const isDone = await copyText(button.closest(".code").querySelector("code").textContent);
  button.textContent = isDone ? "Copied" : "Not copied";
  setTimeout(() => {
    button.textContent = "Copy";
  }, 1500);
}

function escape(text) {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
