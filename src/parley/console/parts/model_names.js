// The names that a field for a model suggests; any other can be typed too.
import { models } from "../catalog.js";
import { html, useMemo } from "../html.js";

export function ModelNames({ id }) {
  const known = models.value;
  // Thousands of names are not compared anew with each letter that is typed in the form around them.
  return useMemo(() => html`<datalist id=${id}>${known.map((model) => html`<option value=${model.id}></option>`)}</datalist>`, [id, known]);
}
