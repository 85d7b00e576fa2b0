// The table of "show as": each writes one request of the public API in its language, as `write(path, body, base)`; `base` is
// the server's address. They know nothing of the page, so that tests run them, and what they write, without one.
import { curl } from "./snippets/curl.js";
import { go } from "./snippets/go.js";
import { java } from "./snippets/java.js";
import { python } from "./snippets/python.js";
import { typescript } from "./snippets/typescript.js";

export const SNIPPETS = [
  { name: "curl", title: "curl", write: curl },
  { name: "python", title: "Python", write: python },
  { name: "typescript", title: "TypeScript", write: typescript },
  { name: "go", title: "Go", write: go },
  { name: "java", title: "Java", write: java },
];
