// Draws named points on a uPlot chart, each name beside its point where it hides neither another name nor a point.
const RADIUS = 5.5;
const GAP = 5;
const FONT_PX = 12;

// `places`: {name, tint, x, y}; `picked`: a signal with the place of the chosen one, or null.
export function pointsDrawer(places, picked, colour) {
  return (plot) => {
    const pen = plot.ctx;
    const ratio = devicePixelRatio;
    const spots = places.map((place) => ({ ...place, left: plot.valToPos(place.x, "x", true), top: plot.valToPos(place.y, "y", true) }));
    pen.save();
    spots.forEach((spot, index) => dot(pen, spot, ratio, colour, index === picked.peek()));
    pen.font = `${FONT_PX * ratio}px system-ui, sans-serif`;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    const taken = spots.map((spot) => around(spot, RADIUS * ratio));
    for (const index of chosenFirst(spots, picked.peek())) name(pen, spots[index], ratio, plot.bbox, taken, colour);
    pen.restore();
  };
}

function dot(pen, spot, ratio, colour, isChosen) {
  pen.beginPath();
  pen.arc(spot.left, spot.top, (isChosen ? RADIUS * 1.5 : RADIUS) * ratio, 0, 2 * Math.PI);
  pen.fillStyle = colour(spot.tint);
  pen.fill();
  pen.lineWidth = (isChosen ? 2.5 : 1.5) * ratio;
  pen.strokeStyle = colour(isChosen ? "--ink" : "--paper");
  pen.stroke();
}

// The whole name, or what stands after its provider; where neither has room it is told when the point is pointed at.
function name(pen, spot, ratio, frame, taken, colour) {
  const isFree = (box) => isWithin(box, frame) && !taken.some((other) => overlaps(box, other));
  const boxes = [spot.name, spot.name.split("/").at(-1)].flatMap((text) => boxesBeside(spot, text, pen.measureText(text).width, ratio));
  const free = boxes.find(isFree);
  if (!free) return;
  taken.push(free);
  pen.lineWidth = 3 * ratio;
  pen.lineJoin = "round";
  pen.strokeStyle = colour("--paper");
  pen.strokeText(free.text, free.left, (free.top + free.bottom) / 2);
  pen.fillStyle = colour("--ink");
  pen.fillText(free.text, free.left, (free.top + free.bottom) / 2);
}

function boxesBeside(spot, text, width, ratio) {
  const height = FONT_PX * 1.25 * ratio;
  const away = (RADIUS + GAP) * ratio;
  return [
    { left: spot.left + away, top: spot.top - height / 2 },
    { left: spot.left - away - width, top: spot.top - height / 2 },
    { left: spot.left - width / 2, top: spot.top - away - height },
    { left: spot.left - width / 2, top: spot.top + away },
  ].map(({ left, top }) => ({ text, left, top, right: left + width, bottom: top + height }));
}

const chosenFirst = (spots, chosen) => spots.map((_, index) => index).sort((one, other) => (other === chosen) - (one === chosen));
const around = ({ left, top }, reach) => ({ left: left - reach, right: left + reach, top: top - reach, bottom: top + reach });
const overlaps = (one, other) => one.left < other.right && one.right > other.left && one.top < other.bottom && one.bottom > other.top;
const isWithin = (box, frame) => box.left >= frame.left && box.right <= frame.left + frame.width && box.top >= frame.top && box.bottom <= frame.top + frame.height;
