// Stamps as text: "<ms>.<counter>.<writer>". Order: ms, then counter (as numbers), then writer (as text).
// Pure: the clock that issues stamps is models/clock.js.

export function parse(stamp) {
  const [ms, counter, ...writer] = stamp.split(".");
  return { ms: Number(ms), counter: Number(counter), writer: writer.join(".") };
}

export const format = ({ ms, counter, writer }) => `${ms}.${counter}.${writer}`;

export function compare(a, b) {
  const left = parse(a);
  const right = parse(b);
  return left.ms - right.ms || left.counter - right.counter
    || (left.writer < right.writer ? -1 : left.writer > right.writer ? 1 : 0);
}

// The same stamp as it would have been, had the clock been right by `delta` milliseconds.
export function shift(stamp, delta) {
  const { ms, counter, writer } = parse(stamp);
  return format({ ms: Math.max(0, ms + delta), counter, writer });
}
