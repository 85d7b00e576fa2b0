// A number line for positive values: even where they are near each other, by powers of ten where they are far apart.
const FAR_APART = 20;

// {place(value), range, ticks}: `place` says where a value stands on the line, `ticks` are round values.
export function scaleOf(values) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (least > 0 && most / least > FAR_APART) return byPowers(least, most);
  return evenly(most || 1);
}

function byPowers(least, most) {
  const low = Math.log10(least) - 0.25;
  const high = Math.log10(most) + 0.25;
  const isWide = high - low > 2.5;
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const digit of isWide ? [1] : [1, 3]) ticks.push(digit * 10 ** power);
  }
  return { place: Math.log10, range: [low, high], ticks: ticks.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high) };
}

function evenly(most) {
  const step = roundStep(most / 4);
  const ticks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
  return { place: (value) => value, range: [0, Math.max(most * 1.12, ticks.at(-2) ?? 0)], ticks };
}

function roundStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * [1, 2, 5, 10].find((digit) => digit * power >= size * 0.999);
}
