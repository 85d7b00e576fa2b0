// What runs right now. A trace appears once its request has ended; until then the ledger knows about it.
import { post } from "../api.js";
import { ago } from "../format.js";
import { html, useEffect, useSignal } from "../html.js";
import { href } from "../router.js";
import { kindOfEvents, runningRequests } from "../runs/running_trace.js";
import { me } from "../session.js";
import { kindTitle } from "./trace_words.js";

const LOOK_AGAIN_MS = 1500;
const MOST_EVENTS = 100;

// `onEnd`: one of them has ended, and has a trace now.
export function RunningNow({ reloads, onEnd }) {
  const running = useSignal([]);
  useEffect(() => {
    const canceller = new AbortController();
    let timer = 0;
    const look = async () => {
      const found = await read(canceller.signal).catch(() => running.peek()); // the list below tells what is wrong with the server
      if (canceller.signal.aborted) return;
      const hasEnded = running.peek().some((old) => !found.some((one) => one.request_id === old.request_id));
      running.value = found;
      if (hasEnded) onEnd();
      else if (found.length > 0) timer = setTimeout(look, LOOK_AGAIN_MS);
    };
    look();
    return () => {
      canceller.abort();
      clearTimeout(timer);
    };
  }, [reloads]);
  if (running.value.length === 0) return null;
  return html`
    <section class="card running" aria-labelledby="running-title">
      <h2 id="running-title">Running now</h2>
      <ul>${running.value.map((request) => html`<${Running} key=${request.request_id} request=${request} />`)}</ul>
    </section>
  `;
}

async function read(signal) {
  const { events } = await post("v1/usage/events", { status: "running", limit: MOST_EVENTS }, { signal });
  return runningRequests(events);
}

function Running({ request }) {
  return html`
    <li>
      <a href=${href("runs", request.request_id)}>${kindTitle(kindOfEvents(request.events))}</a>
      <span>${request.models.join(", ")}</span>
      <span class="soft small">${me.value.admin && `${request.key_name}, `}began ${ago(request.time)}</span>
    </li>
  `;
}
