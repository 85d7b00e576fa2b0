// A way to the trace of a request that does not tell its trace itself.
import { get } from "../api.js";
import { html, useSignal } from "../html.js";
import { go } from "../router.js";

export function TraceLink({ requestId }) {
  const complaint = useSignal("");
  async function open() {
    try {
      const { traces } = await get(`v3/traces?request_id=${encodeURIComponent(requestId)}&limit=1`);
      if (traces.length > 0) go("runs", traces[0].id);
      else complaint.value = "This server keeps no trace of it.";
    } catch (error) {
      complaint.value = error.message;
    }
  }
  return html`<button type="button" class="plain" onClick=${open}>Trace</button><span role="status">${complaint.value}</span>`;
}
