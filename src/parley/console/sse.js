// Server-sent events as Parley sends them: one `data:` line of JSON for each event, comments between, [DONE] last.

const BROKEN = "The connection broke before the answer was complete.";

// Yields the parsed data of each event; throws if the connection ends before [DONE].
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(broken);
      if (done) throw new Error(BROKEN);
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        const data = line.slice(5).trim();
        if (data === "[DONE]") return;
        yield JSON.parse(data);
      }
    }
  } finally {
    await reader.cancel().catch(() => {}); // already closed or aborted: nothing is left to cancel
  }
}

// A browser's own word for it is "network error".
function broken(error) {
  throw error.name === "AbortError" ? error : new Error(BROKEN);
}
