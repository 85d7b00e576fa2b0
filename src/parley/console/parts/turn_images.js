// The pictures of a user's turn, and the ways to add one by hand.
import { addImages, changeTurn } from "../compare_draft.js";
import { size } from "../format.js";
import { html, useEffect, useRef, useSignal } from "../html.js";
import { ACCEPTED, imageAt } from "../image_files.js";

export function TurnImages({ turn, place, onFiles }) {
  const picker = useRef(null);
  const isAsking = useSignal(false);
  const remove = (index) => changeTurn(turn.id, { images: turn.images.filter((_, at) => at !== index) });
  const picked = () => {
    onFiles([...picker.current.files]);
    picker.current.value = ""; // the same file may be picked again
  };
  return html`
    <div class="turn-images">
      ${turn.images.length > 0 && html`
        <ul class="images" aria-label=${`Pictures of ${place}`}>
          ${turn.images.map((image, index) => html`<${Picture} image=${image} onRemove=${() => remove(index)} />`)}
        </ul>`}
      <input ref=${picker} type="file" class="hidden" tabindex="-1" aria-hidden="true" accept=${ACCEPTED} multiple onChange=${picked} />
      <button type="button" class="plain" onClick=${() => picker.current.click()}>Attach pictures…</button>
      ${isAsking.value
        ? html`<${Address} place=${place} onImage=${(image) => addImages(turn.id, [image])} onClose=${() => { isAsking.value = false; }} />`
        : html`<button type="button" class="plain" onClick=${() => { isAsking.value = true; }}>Picture by address…</button>`}
    </div>
  `;
}

function Picture({ image, onRemove }) {
  const isShown = image.url.startsWith("data:"); // others would be fetched from elsewhere, which the policy forbids
  return html`
    <li class=${`image ${image.url ? "" : "is-lost"}`}>
      ${isShown ? html`<img src=${image.url} alt="" />` : html`<span class="no-thumb" aria-hidden="true">${image.url ? "↗" : "?"}</span>`}
      <span class="image-name" title=${isShown ? image.name : image.url}>${image.name}</span>
      <span class="soft small">${about(image)}</span>
      <button type="button" class="chip-x" aria-label=${`Remove ${image.name}`} onClick=${onRemove}>×</button>
    </li>
  `;
}

function about(image) {
  if (!image.url) return "too large to outlive the reload: attach it again";
  return image.size_bytes === null ? "by address" : size(image.size_bytes);
}

function Address({ place, onImage, onClose }) {
  const typed = useSignal("");
  const complaint = useSignal("");
  const input = useRef(null);
  useEffect(() => input.current.focus(), []);
  function add() {
    try {
      onImage(imageAt(typed.value));
      onClose();
    } catch (error) {
      complaint.value = error.message;
    }
  }
  function press(event) {
    if (event.key === "Escape") onClose();
    if (event.key !== "Enter") return;
    event.preventDefault(); // the form would be sent
    add();
  }
  return html`
    <span class="address">
      <input ref=${input} aria-label=${`Address of a picture for ${place}`} placeholder="https://… (the model's provider fetches it)" value=${typed.value}
        onInput=${(event) => { typed.value = event.target.value; }} onKeyDown=${press} />
      <button type="button" onClick=${add}>Add</button>
      <button type="button" class="plain" onClick=${onClose}>Cancel</button>
      <span class="bad-text small" role="status">${complaint.value}</span>
    </span>
  `;
}
