// One change of the page per frame, however many tokens arrive between two frames.
import { batch } from "../html.js";

// Returns a function that asks for `flush` before the next frame; a hidden tab has no frames and is flushed by a timer.
export function onceAFrame(flush) {
  let isAsked = false;
  const run = () => {
    if (!isAsked) return;
    isAsked = false;
    batch(flush);
  };
  return () => {
    if (isAsked) return;
    isAsked = true;
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}
