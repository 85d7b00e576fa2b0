// Preact with htm: tagged templates instead of a build step. Every module takes its view tools from here.
import { h, render } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { render };
export { useEffect, useErrorBoundary, useLayoutEffect, useMemo, useRef } from "./vendor/preact-hooks.js";
export { batch, computed, effect, signal, useComputed, useSignal } from "./vendor/signals.js";
