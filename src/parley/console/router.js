// Places in the console: what stands behind the #, as `#/runs/<id>?name=x`.
import { computed, signal } from "./html.js";

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

// {page: "runs", rest: ["<id>"], query: URLSearchParams}
export const place = computed(() => {
  const [path, query = ""] = hash.value.replace(/^#\/?/, "").split("?");
  const [page = "", ...rest] = path.split("/").map(decoded);
  return { page: page || "ask", rest, query: new URLSearchParams(query) };
});

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % in an address that was typed or cut off
  }
}

export const href = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

export function go(...parts) {
  location.hash = href(...parts);
}

// Changes the query of this place, as filters do, without a step in the history; an empty value is left out.
export function refine(fields) {
  const [path, query = ""] = location.hash.split("?");
  const changed = new URLSearchParams(query);
  for (const [name, value] of Object.entries(fields)) {
    if (value === "" || value === null) changed.delete(name);
    else changed.set(name, value);
  }
  const text = changed.toString();
  location.replace(text ? `${path || "#/"}?${text}` : path || "#/");
}
