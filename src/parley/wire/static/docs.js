// Conveniences of the reference; everything can be read without them.
"use strict";

for (const place of document.querySelectorAll("[data-origin]")) {
  place.textContent = location.origin;
}

for (const example of document.querySelectorAll("pre.copy")) {
  const holder = document.createElement("div");
  holder.className = "held";
  example.before(holder);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy this command");
  button.addEventListener("click", () => copy(example, button));
  holder.append(example, button);
}

async function copy(example, button) {
  let word = "Copied";
  try {
    await navigator.clipboard.writeText(example.textContent);
  } catch {
    getSelection().selectAllChildren(example);
    word = "Selected";
  }
  button.textContent = word;
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// On a narrow screen the contents would fill the first screen: fold them.
const contents = document.querySelector("nav details");
if (matchMedia("(max-width: 52rem)").matches) {
  contents.open = false;
}

// A link into a folded part opens it.
function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target && target.closest("details"); part; part = part.parentElement.closest("details")) {
    part.open = true;
  }
}
addEventListener("hashchange", unfold);
unfold();

// The part that is being read is marked in the contents.
const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute("aria-current");
    links.get(entry.target.id).setAttribute("aria-current", "true");
  }
}, { rootMargin: "-10% 0px -80% 0px" });
for (const name of links.keys()) {
  const part = document.getElementById(name);
  if (part) watcher.observe(part);
}
