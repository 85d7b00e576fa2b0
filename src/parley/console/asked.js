// What this tab has asked, by request id. A server keeps no prompts unless its operator says so: a run of this tab can be opened
// again because of what stands here, and it goes with the tab.

const STORED = "parley.asked";
const MOST_REQUESTS = 60;
const MOST_CHARACTERS = 1_000_000; // the browser gives a tab some five million, and the drafts need theirs

export function remember(requestId, path, body) {
  if (!requestId) return;
  const kept = [...restored().filter((entry) => entry.request_id !== requestId), { request_id: requestId, path, body }];
  write(kept.slice(-MOST_REQUESTS));
}

// {path, body} as it was sent; undefined if this tab did not send it.
export const asked = (requestId) => restored().find((entry) => entry.request_id === requestId);

function write(kept) {
  const text = JSON.stringify(kept);
  if (text.length > MOST_CHARACTERS && kept.length > 0) return write(kept.slice(1));
  try {
    sessionStorage.setItem(STORED, text);
  } catch {
    sessionStorage.removeItem(STORED); // no room is left: opening a run again is worth less than the draft
  }
}

function restored() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return []; // another version's
  }
}
