// Text to copy: code, a key, an id.
import { html, useSignal } from "../html.js";

// `shown`: what stands in the box, if less than what is copied.
export function CodeBox({ text, shown = text, label = "Copy" }) {
  const isCopied = useSignal(false);
  async function copy() {
    await navigator.clipboard.writeText(text);
    isCopied.value = true;
    setTimeout(() => {
      isCopied.value = false;
    }, 1500);
  }
  return html`
    <div class="code">
      <div class="code-head"><span></span><button type="button" class="plain" onClick=${copy}>${isCopied.value ? "Copied" : label}</button></div>
      <pre tabindex="0"><code>${shown}</code></pre>
    </div>
  `;
}
