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

function name(pen, spot, ratio, frame, taken, colour) {
  const width = pen.measureText(spot.name).width;
  const height = FONT_PX * 1.25 * ratio;
  const away = (RADIUS + GAP) * ratio;
  const boxes = [
    { left: spot.left + away, top: spot.top - height / 2 },
    { left: spot.left - away - width, top: spot.top - height / 2 },
    { left: spot.left - width / 2, top: spot.top - away - height },
    { left: spot.left - width / 2, top: spot.top + away },
  ].map(({ left, top }) => ({ left, top, right: left + width, bottom: top + height }));
  const free = boxes.find((box) => isWithin(box, frame) && !taken.some((other) => overlaps(box, other)));
  if (!free) return; // its name is told when it is pointed at
  taken.push(free);
  pen.lineWidth = 3 * ratio;
  pen.lineJoin = "round";
  pen.strokeStyle = colour("--paper");
  pen.strokeText(spot.name, free.left, free.top + height / 2);
  pen.fillStyle = colour("--ink");
  pen.fillText(spot.name, free.left, free.top + height / 2);
}

const chosenFirst = (spots, chosen) => spots.map((_, index) => index).sort((one, other) => (other === chosen) - (one === chosen));
const around = ({ left, top }, reach) => ({ left: left - reach, right: left + reach, top: top - reach, bottom: top + reach });
const overlaps = (one, other) => one.left < other.right && one.right > other.left && one.top < other.bottom && one.bottom > other.top;
const isWithin = (box, frame) => box.left >= frame.left && box.right <= frame.left + frame.width && box.top >= frame.top && box.bottom <= frame.top + frame.height;
