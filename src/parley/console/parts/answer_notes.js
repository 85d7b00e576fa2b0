// What is to be known of an answer besides its words: that it was cut, tried again, or asked for otherwise than wanted.
import { html } from "../html.js";

const ENDS = {
  length: "It ends here because it reached its most tokens.",
  content_filter: "The provider's filter ended it here.",
};

export function AnswerNotes({ facts }) {
  const notes = [ENDS[facts.finish_reason], facts.attempts > 1 && `It took ${facts.attempts} tries.`, ...(facts.warnings ?? [])].filter(Boolean);
  return notes.length > 0 && html`<ul class="notes soft small">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}
