// A new key, shown this once. It stays in the memory of this page until the dialog is closed, and is stored nowhere.
import { copyText } from "../clipboard.js";
import { html, signal, useEffect, useRef, useSignal } from "../html.js";
import { Modal } from "./modal.js";

// {name, key}, or null. It is no page's own state: a step back in the history must not lose a key that nobody can show again.
export const freshKey = signal(null);

export function KeySecret({ fresh }) {
  const isCopied = useSignal(false);
  const isLeaving = useSignal(false);
  const shown = useRef(null);
  useEffect(() => {
    const hold = (event) => {
      if (!isCopied.peek()) event.preventDefault();
    };
    addEventListener("beforeunload", hold);
    return () => removeEventListener("beforeunload", hold);
  }, []);
  const close = () => {
    freshKey.value = null;
  };
  const leave = () => {
    if (isCopied.value) close();
    else isLeaving.value = true;
  };
  const copy = async () => {
    isCopied.value = await copyText(fresh.key);
    if (!isCopied.value) shown.current.focus(); // it is selected there, to be copied by hand
    isLeaving.value = false;
  };
  return html`
    <${Modal} title=${`The key of ${fresh.name}`} name="key-secret" onLeave=${leave}>
      <p><strong>It will not be shown again.</strong> The server keeps only a hash of it. Copy it now, to where you keep secrets.</p>
      <div class="secret">
        <input ref=${shown} readonly class="mono" aria-label="The new key" value=${fresh.key} onFocus=${(event) => event.target.select()}
          onCopy=${() => { isCopied.value = true; }} />
        <button type="button" class="primary" autofocus onClick=${copy}>Copy</button>
      </div>
      <p class="small" role="status">${isCopied.value
        ? html`<span class="good-text">Copied.</span> <span class="soft">Programs send it as <code>Authorization: Bearer …</code>; the client libraries read it from <code>PARLEY_API_KEY</code>.</span>`
        : html`<span class="soft">Not copied yet.</span>`}</p>
      ${isLeaving.value
        ? html`<div class="actions end" role="alert"><span class="bad-text">The key has not been copied, and is lost when this closes.</span>
            <button type="button" onClick=${() => { isLeaving.value = false; }}>Back</button>
            <button type="button" class="danger" onClick=${close}>Close without copying</button></div>`
        : html`<div class="actions end"><button type="button" class=${isCopied.value ? "primary" : ""} onClick=${leave}>Done</button></div>`}
    <//>
  `;
}
