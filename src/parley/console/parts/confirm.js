// Asks before something is done that others will notice, does it, and shows what the server says against it.
import { html, useSignal } from "../html.js";
import { Modal } from "./modal.js";
import { Notice } from "./notice.js";

// `onConfirm` may be async and throw; whoever shows this takes it away, in `onConfirm` or in `onLeave`.
export function Confirm({ title, action, isDanger = true, onConfirm, onLeave, children }) {
  const fault = useSignal(null);
  const isBusy = useSignal(false);
  async function go() {
    isBusy.value = true;
    fault.value = null;
    try {
      await onConfirm();
    } catch (error) {
      fault.value = error;
    }
    isBusy.value = false;
  }
  return html`
    <${Modal} title=${title} name="confirm" onLeave=${onLeave}>
      ${children}
      ${fault.value && html`<${Notice} error=${fault.value} />`}
      <div class="actions end">
        <button type="button" autofocus onClick=${onLeave}>Cancel</button>
        <button type="button" class=${isDanger ? "danger" : "primary"} disabled=${isBusy.value} onClick=${go}>${action}</button>
      </div>
    <//>
  `;
}
