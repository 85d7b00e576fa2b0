// The less often used fields of the Compare form: who evaluates and how, and the models' sampling.
import { draft, edit } from "../compare_draft.js";
import { html } from "../html.js";
import { ModelNames } from "./model_names.js";
import { TemplateChoice } from "./template_choice.js";

export function CompareOptions() {
  const fields = draft.value;
  const set = setOptions(fields);
  return html`
    <details class="options">
      <summary>Options${set.length > 0 && html`<span class="set">: ${set.join(", ")}</span>`}</summary>
      <div class="grid">
        ${!fields.skips && html`
          <label>Who evaluates
            <input list="evaluators" placeholder="default" value=${fields.judge} onInput=${(event) => edit({ judge: event.target.value.trim() })} />
            <${ModelNames} id="evaluators" />
          </label>`}
        <label>Temperature
          <input type="number" min="0" max="2" step="0.1" placeholder="default" value=${fields.temperature}
            onInput=${(event) => edit({ temperature: event.target.value })} />
        </label>
        <label>Most tokens per answer
          <input type="number" min="1" step="1" placeholder="default" value=${fields.max_tokens}
            onInput=${(event) => edit({ max_tokens: event.target.value })} />
        </label>
        ${!fields.skips && html`
          <label class="wide">Instructions for the evaluation
            <textarea rows="1" placeholder="Added to its own: accuracy, completeness, clarity, recommendation" value=${fields.comparison_instructions}
              onInput=${(event) => edit({ comparison_instructions: event.target.value })}></textarea>
          </label>`}
        <${TemplateChoice} />
        <label class="check wide"><input type="checkbox" checked=${fields.cache} onChange=${(event) => edit({ cache: event.target.checked })} />
          Answers of the last hours will do, from the cache, where the same was asked</label>
      </div>
    </details>
  `;
}

// What the closed box would hide.
function setOptions(fields) {
  return [
    fields.template && `template ${fields.template}`,
    fields.judge && !fields.skips && `evaluated by ${fields.judge}`,
    fields.comparison_instructions.trim() && !fields.skips && "instructions",
    fields.temperature !== "" && `temperature ${fields.temperature}`,
    fields.max_tokens !== "" && `at most ${fields.max_tokens} tokens`,
    fields.cache && "cache",
  ].filter(Boolean);
}
