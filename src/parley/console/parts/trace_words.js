// Words for what the API names by slugs: kinds of runs, their ends, and why a call failed.
import { html } from "../html.js";

const KINDS = {
  "roundtable summary": "Roundtable, merged",
  "roundtable vote": "Roundtable, vote",
  roundtable: "Roundtable",
  compare: "Comparison",
  chat: "Chat",
};
const STATES = {
  running: ["running", "streaming"],
  ok: ["answered", "done"],
  partial: ["partial", "partial"],
  error: ["failed", "failed"],
  cancelled: ["cancelled", "stopped"],
};
const FAILURES = {
  timeout: "It did not answer in time.",
  rate_limited: "Its provider allowed no more requests just then.",
  quota_exceeded: "The account at its provider has no quota left.",
  upstream_error: "Its provider answered with an error, or broke off.",
  unavailable: "It could not be reached, or was left alone after failing too often.",
  invalid_request: "Its provider did not take the request as it was.",
  authentication: "Its provider did not accept the server's key.",
  content_filtered: "Its provider filtered the answer.",
  refused: "It refused to answer.",
  empty_answer: "It answered nothing.",
  answer_too_large: "Its answer was larger than the server takes.",
  context_length_exceeded: "The conversation was longer than it can read.",
  model_not_found: "Its provider knows no such model.",
  invalid_choice: "Its vote was none of the choices.",
  schema_invalid: "Its answer did not fit the schema.",
  cancelled: "It was stopped before it had answered.",
  all_models_failed: "No model answered.",
  internal_error: "The server failed; its log has the request id.",
};

export const kindTitle = (name) => KINDS[name] ?? name;

export function StateMark({ state }) {
  const [word, look] = STATES[state] ?? [state, ""];
  return html`<span class=${`state ${look}`}>${word}</span>`;
}

// Why a call failed: the slug for machines, a sentence for people unless `isShort`.
export function Failure({ code, isShort }) {
  return html`<span class="why"><code>${code}</code> ${isShort ? "" : (FAILURES[code] ?? "")}</span>`;
}
