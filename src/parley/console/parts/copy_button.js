// A button that copies, and says for a moment whether it did.
import { copyText } from "../clipboard.js";
import { html, useSignal } from "../html.js";

const SHOWN_MS = 1500;

export function CopyButton({ text, label = "Copy", name = null }) {
  const said = useSignal("");
  async function copy() {
    said.value = (await copyText(text)) ? "Copied" : "Not copied";
    setTimeout(() => {
      said.value = "";
    }, SHOWN_MS);
  }
  return html`<button type="button" class="plain copy-button" aria-label=${said.value ? null : name} onClick=${copy}>${said.value || label}</button>`;
}
