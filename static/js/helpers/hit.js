// Which stroke lies under the eraser. Pure; all in units of 1/10000 of the page's width.

// strokes: {points, width} as models/ink.js gives them. Returns those within `reach` of the point.
export function under(strokes, [x, y], reach) {
  return strokes.filter(({ points, width }) => {
    const limit = (width / 2 + reach) ** 2;
    if (points.length === 1) return distance([x, y], points[0], points[0]) <= limit;
    return points.some((point, at) => at > 0 && distance([x, y], points[at - 1], point) <= limit);
  });
}

// Squared distance from p to the segment a-b.
function distance([px, py], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
  return (px - ax - along * dx) ** 2 + (py - ay - along * dy) ** 2;
}
