// A dialog over the page. It leaves only when `onLeave` takes it away: Escape and Close ask, the browser alone can't end it.
import { html, useEffect, useRef } from "../html.js";

export function Modal({ title, name, onLeave, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => {
      shown.onclose = null;
      shown.close(); // before it goes, so that the focus returns to where it came from
    };
  }, []);
  const reopen = () => {
    if (dialog.current?.isConnected && !dialog.current.open) dialog.current.showModal();
    onLeave();
  };
  const ask = (event) => {
    event.preventDefault();
    onLeave();
  };
  // With the second Escape in a row Chromium closes a dialog whatever `cancel` says; then it opens again and asks.
  const hold = (element) => {
    dialog.current = element;
    if (element) element.onclose = reopen;
  };
  return html`
    <dialog ref=${hold} class=${`modal ${name ?? ""}`} aria-labelledby="modal-title" onCancel=${ask}>
      <header><h2 id="modal-title">${title}</h2><button type="button" class="plain" onClick=${onLeave}>Close</button></header>
      ${children}
    </dialog>
  `;
}
