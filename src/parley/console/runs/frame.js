// One change of the page per frame, however many tokens arrive between two frames; and in one frame the changes of a few only,
// in turn, so that a panel of many seats leaves frames short enough to type and scroll.
import { batch } from "../html.js";

const MOST_PER_FRAME = 4;
const HIDDEN_MS = 250;

const asked = new Set(); // in the order of asking
let isUnderWay = false;

// Returns a function that asks for `flush` before one of the next frames; a hidden tab has no frames and is flushed by a timer.
export function onceAFrame(flush) {
  return () => {
    asked.add(flush);
    begin();
  };
}

function begin() {
  if (isUnderWay) return;
  isUnderWay = true;
  if (document.hidden) setTimeout(run, HIDDEN_MS);
  else requestAnimationFrame(run);
}

function run() {
  isUnderWay = false;
  const now = [...asked].slice(0, document.hidden ? asked.size : MOST_PER_FRAME);
  now.forEach((flush) => asked.delete(flush));
  batch(() => now.forEach((flush) => flush()));
  if (asked.size > 0) begin();
}
