// The table of "show as": each writes one request of the public API in its language.
import { curl } from "./snippets/curl.js";

export const SNIPPETS = [{ name: "curl", title: "curl", write: curl }];
