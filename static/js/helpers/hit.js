// Which strokes the eraser meets. Pure; all in units of 1/10000 of the page's width.

// strokes: {points, width} as models/ink.js gives them. Returns those within `reach` of the way from a to b: an eraser that is
// moved fast is only seen here and there, but it was everywhere between.
export function met(strokes, a, b, reach) {
  return strokes.filter(({ points, width }) => {
    const limit = width / 2 + reach;
    return points.some((point, at) => apart(a, b, points[Math.max(0, at - 1)], point) <= limit);
  });
}

// How far two segments are apart: 0 where they cross, else the least distance of an end to the other segment.
function apart(a, b, c, d) {
  if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return 0;
  return Math.min(distance(a, c, d), distance(b, c, d), distance(c, a, b), distance(d, a, b));
}

const side = ([ax, ay], [bx, by], [px, py]) => Math.sign((bx - ax) * (py - ay) - (by - ay) * (px - ax));

function distance([px, py], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
  return Math.hypot(px - ax - along * dx, py - ay - along * dy);
}
