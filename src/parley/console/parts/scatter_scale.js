// A number line for values from 0 up: even where they are near each other, by powers of ten where they are far apart.
const FAR_APART = 8;
const MARGIN = 0.25; // of a power of ten

// {place(value), range, ticks}: `place` says where a value stands on the line, `ticks` are round values.
export function scaleOf(values) {
  const known = values.filter((value) => value > 0);
  const most = Math.max(...values);
  if (known.length && most / Math.min(...known) > FAR_APART) return byPowers(Math.min(...known), most, known.length < values.length);
  return evenly(most || 1);
}

// 0 has no power of ten: where it occurs it stands apart, below the least, with a tick of its own.
function byPowers(least, most, hasZero) {
  const low = Math.log10(least) - MARGIN;
  const high = Math.log10(most) + MARGIN;
  const apart = low - MARGIN;
  const digits = high - low > 2.5 ? [1] : [1, 3];
  const ticks = hasZero ? [0] : [];
  for (let power = Math.floor(low); power <= high; power += 1) ticks.push(...digits.map((digit) => digit * 10 ** power).filter((tick) => within(tick, low, high)));
  return { place: (value) => (value > 0 ? Math.log10(value) : apart), range: [hasZero ? apart - MARGIN : low, high], ticks };
}

const within = (tick, low, high) => Math.log10(tick) >= low && Math.log10(tick) <= high;

function evenly(most) {
  const step = roundStep(most / 4);
  const ticks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
  return { place: (value) => value, range: [0, most * 1.12], ticks: ticks.filter((tick) => tick <= most * 1.12) };
}

function roundStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * [1, 2, 5, 10].find((digit) => digit * power >= size * 0.999);
}
