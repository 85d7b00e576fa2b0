// The templates as a table; a name opens one.
import { ago, moment } from "../format.js";
import { html, useSignal } from "../html.js";
import { me } from "../session.js";
import { draftOf } from "../template_drafts.js";
import { MoreRows } from "./more_rows.js";

const SHOWN_AT_ONCE = 100;
const VARIABLES_SHOWN = 5;

// `hrefOf(id)`, `onUse(template)`, `onDelete(template)`, `mayWrite(template)`.
export function TemplateTable({ templates, hrefOf, onUse, onDelete, mayWrite }) {
  const most = useSignal(SHOWN_AT_ONCE);
  return html`
    <div class="card table-box" role="region" aria-label="Templates" tabindex="0">
      <table class="templates">
        <caption class="hidden">Templates with the variables that they need</caption>
        <thead><tr><th scope="col">Template</th><th scope="col">Variables</th><th scope="col">Model</th><th scope="col">Changed</th>
          <th scope="col"><span class="hidden">Actions</span></th></tr></thead>
        <tbody>
          ${templates.slice(0, most.value).map((each) => html`
            <tr key=${each.id}>
              <th scope="row"><a href=${hrefOf(each.id)}>${each.name}</a> <${Badges} template=${each} />
                ${each.description && html`<p class="small soft">${each.description}</p>`}</th>
              <td><${Variables} names=${each.variables} /></td>
              <td>${each.model ? html`<code class="model">${each.model}</code>` : html`<span class="soft">any</span>`}</td>
              <td class="nowrap"><time datetime=${each.updated_at} title=${moment(each.updated_at)}>${ago(each.updated_at)}</time></td>
              <td class="row-actions">
                <button type="button" aria-label=${`Use in Ask: ${each.name}`} onClick=${() => onUse(each)}>Use in Ask</button>
                ${mayWrite(each) && html`<button type="button" aria-label=${`Delete ${each.name}`} onClick=${() => onDelete(each)}>Delete</button>`}
              </td>
            </tr>`)}
        </tbody>
      </table>
    </div>
    <${MoreRows} shown=${most} all=${templates.length} step=${SHOWN_AT_ONCE} />
  `;
}

export function Badges({ template }) {
  return html`
    ${template.is_global && html`<span class="badge" title="Every key sees it; admin keys write it">global</span>`}
    ${template.owner !== me.value.name && html`<span class="badge off" title="The key that made it">of ${template.owner}</span>`}
    ${draftOf(template.id) && html`<span class="badge warn">not saved</span>`}
  `;
}

function Variables({ names }) {
  if (names.length === 0) return html`<span class="soft">none</span>`;
  const rest = names.length - VARIABLES_SHOWN;
  return html`${names.slice(0, VARIABLES_SHOWN).map((name) => html`<code class="model">${name}</code> `)}
    ${rest > 0 && html`<span class="soft nowrap" title=${names.join(", ")}>and ${rest} more</span>`}`;
}
