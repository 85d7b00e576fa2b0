// One sentence that went wrong, with what the server says about it.
import { html } from "../html.js";

export function Notice({ error }) {
  const details = Array.isArray(error.details) ? error.details.filter((detail) => detail.msg !== error.message) : [];
  return html`
    <div class="notice bad" role="alert">
      <p>${error.message}</p>
      ${details.length > 0 && html`<ul>${details.map((detail) => html`<li>${sentence(detail)}</li>`)}</ul>`}
      ${error.code && html`<p class="soft small"><code>${error.code}</code>${error.requestId && html` · <code>${error.requestId}</code>`}</p>`}
    </div>
  `;
}

function sentence(detail) {
  if (typeof detail === "string") return detail;
  const where = detail.model ?? (detail.loc ?? []).join(".");
  return [where, detail.error ?? detail.msg ?? detail.message].filter(Boolean).join(": ");
}
