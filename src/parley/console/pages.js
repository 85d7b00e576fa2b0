// The table of pages, in the order of the bar. `isAdmin`: shown to admin keys alone.
import { Ask } from "./pages/ask.js";
import { Compare } from "./pages/compare.js";
import { Keys } from "./pages/keys.js";
import { Models } from "./pages/models.js";
import { Runs } from "./pages/runs.js";
import { Templates } from "./pages/templates.js";
import { Usage } from "./pages/usage.js";

export const PAGES = [
  { name: "ask", title: "Ask", view: Ask },
  { name: "compare", title: "Compare", view: Compare },
  { name: "runs", title: "Runs", view: Runs },
  { name: "usage", title: "Usage", view: Usage },
  { name: "keys", title: "Keys", view: Keys, isAdmin: true },
  { name: "templates", title: "Templates", view: Templates },
  { name: "models", title: "Models", view: Models },
];
