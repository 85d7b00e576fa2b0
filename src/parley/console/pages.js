// The table of pages, in the order of the bar. `isAdmin`: shown to admin keys alone.
import { Ask } from "./pages/ask.js";
import { Compare } from "./pages/compare.js";

export const PAGES = [
  { name: "ask", title: "Ask", view: Ask },
  { name: "compare", title: "Compare", view: Compare },
];
