// Asks, and stops what was asked. Both are one element, so that the keyboard's focus stays on it; the second click of a double
// one, or of a hasty hand, is not taken for the other.
import { html } from "../html.js";

// It stands in the form whose sending asks.
export function RunButton({ run, title }) {
  const isRunning = run?.isRunning.value ?? false;
  const press = (event) => {
    const isRepeated = event.detail > 1; // the browser counts clicks that follow each other at once
    if (isRunning || isRepeated) event.preventDefault(); // else Preact makes a sending button of Stop during its own click, and asks again
    if (isRunning && !isRepeated) run.stop();
  };
  return isRunning
    ? html`<button type="button" class="danger" onClick=${press}>Stop</button>`
    : html`<button class="primary" onClick=${press}>${title} <kbd>Ctrl ↵</kbd></button>`;
}
