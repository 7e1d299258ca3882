// Ink as numbers. Units: 1/10000 of the page's width, for both axes. On the wire the first point is
// absolute and the rest are differences; in memory points are [[x, y], ...].

const decoded = new WeakMap(); // a register's value never changes in place: decode it once

export function encode(points) {
  const flat = [];
  let [px, py] = [0, 0];
  for (const [x, y] of points) {
    const [rx, ry] = [Math.round(x), Math.round(y)];
    flat.push(rx - px, ry - py);
    [px, py] = [rx, ry];
  }
  return flat;
}

export function decode(flat) {
  const points = [];
  let [x, y] = [0, 0];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    x += flat[i];
    y += flat[i + 1];
    points.push([x, y]);
  }
  return points;
}

// The page's strokes in drawing order. A whole stroke replaces its pieces, in whatever order they came.
export function strokes(lesson, page) {
  const prefix = `ink/${page}/`;
  const found = new Map();
  for (const [key, value] of lesson.below(prefix)) {
    const [id, piece] = key.slice(prefix.length).split("/");
    if (piece === undefined) found.set(id, [[-1, value]]);
    else if (!found.has(id)) found.set(id, [[Number(piece), value]]);
    else if (found.get(id)[0][0] !== -1) found.get(id).push([Number(piece), value]);
  }
  const ids = [...found.keys()].sort();
  return ids.map((id) => join(id, found.get(id)));
}

function join(id, parts) {
  parts.sort((a, b) => a[0] - b[0]);
  const [first, value] = parts[0];
  const points = parts.length === 1 ? pointsOf(value) : parts.flatMap(([, part]) => pointsOf(part));
  const { tool, color, width } = value;
  return { id, tool, color, width, points, pieces: first !== -1, value };
}

function pointsOf(value) {
  if (!decoded.has(value)) decoded.set(value, decode(value.points));
  return decoded.get(value);
}

// Douglas and Peucker, without recursion: a long scribble must not end in a stack overflow.
export function simplify(points, tolerance) {
  if (points.length < 3) return points.slice();
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const spans = [[0, points.length - 1]];
  while (spans.length) {
    const [from, to] = spans.pop();
    const [far, distance] = farthest(points, from, to);
    if (distance <= tolerance) continue;
    keep[far] = 1;
    spans.push([from, far], [far, to]);
  }
  return points.filter((_, i) => keep[i]);
}

function farthest(points, from, to) {
  let [far, most] = [from, -1];
  for (let i = from + 1; i < to; i++) {
    const d = toSegment(points[i], points[from], points[to]);
    if (d > most) [far, most] = [i, d];
  }
  return [far, most];
}

function toSegment([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
