// Text to copy: code, a key, an id.
import { html } from "../html.js";
import { CopyButton } from "./copy_button.js";

// `shown`: what stands in the box, if less than what is copied.
export function CodeBox({ text, shown = text, label = "Copy" }) {
  return html`
    <div class="code">
      <div class="code-head"><span></span><${CopyButton} text=${text} label=${label} /></div>
      <pre tabindex="0"><code>${shown}</code></pre>
    </div>
  `;
}
