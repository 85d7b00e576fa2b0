// A dialog over the page. It leaves only when `onLeave` takes it away: Escape and Close ask, the browser alone can't end it.
import { html, useLayoutEffect, useRef } from "../html.js";

export function Modal({ title, name = "", onLeave, children }) {
  const dialog = useRef(null);
  const isLeaving = useRef(false);
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => {
      isLeaving.current = true;
      shown.close(); // before it is gone, so that the focus returns to where it came from
    };
  }, []);
  const ask = (event) => {
    event.preventDefault();
    onLeave();
  };
  // With the second Escape in a row Chromium closes a dialog whatever `cancel` says: it opens again, and asks.
  const reopen = () => {
    if (isLeaving.current) return;
    dialog.current.showModal();
    onLeave();
  };
  return html`
    <dialog ref=${dialog} class=${`modal ${name}`} aria-label=${title} onCancel=${ask} onClose=${reopen} onKeyDownCapture=${spareLists}>
      <div class="modal-head"><h2>${title}</h2><button type="button" class="plain" onClick=${onLeave}>Close</button></div>
      ${children}
    </dialog>
  `;
}

// Escape in an open list closes the list, not the dialog around it.
function spareLists(event) {
  if (event.key === "Escape" && event.target.getAttribute("aria-expanded") === "true") event.preventDefault();
}
