// The models of this server, fetched once per sign-in.
import { get } from "./api.js";
import { effect, signal } from "./html.js";
import { me } from "./session.js";

export const models = signal([]); // entries of GET /v3/models
export const catalogFault = signal(null);

effect(() => {
  models.value = [];
  if (me.value !== null) loadModels();
});

export async function loadModels() {
  try {
    models.value = (await get("v3/models")).models;
    catalogFault.value = null;
  } catch (error) {
    catalogFault.value = error;
  }
}

// "$0.10 / $0.40" per million tokens in and out; empty where the price isn't known.
export function price(model) {
  const { input_usd_per_1m: read, output_usd_per_1m: written } = model.pricing ?? {};
  if (read === undefined || read === null) return "";
  return `${dollars(read)} / ${dollars(written ?? 0)}`;
}

const dollars = (usd) => Number(usd).toLocaleString("en", { style: "currency", currency: "USD", maximumFractionDigits: 6 });

// "32k", "1M".
export function context(model) {
  const size = model.context_window;
  if (!size) return "";
  return size >= 1_000_000 ? `${Number((size / 1_000_000).toFixed(1))}M` : `${Math.round(size / 1000)}k`;
}
