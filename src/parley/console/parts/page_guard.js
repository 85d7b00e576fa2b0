// Around a page: where drawing it fails, the way to the other pages stays, and this says what can be done.
import { html, useErrorBoundary } from "../html.js";
import { emptyTab } from "../session.js";
import { Notice } from "./notice.js";

export function PageGuard({ title, children }) {
  const [fault, tryAgain] = useErrorBoundary();
  if (!fault) return children;
  return html`
    <h1>${title}</h1>
    <${Notice} error=${new Error(`This page can't be drawn: ${fault.message}`)} />
    <p class="soft">It may be that a draft of another version stands in this tab. To empty the tab takes all of its drafts; you stay signed in.</p>
    <div class="actions">
      <button type="button" class="primary" onClick=${tryAgain}>Try again</button>
      <button type="button" onClick=${emptyTab}>Empty this tab</button>
    </div>
  `;
}
