// The order of pages, as pure functions on arrays of page ids.

// The page `step` places on, within the order; a page that is not in it counts as being before the first.
export function neighbour(order, page, step) {
  if (!order.length) return null;
  const at = order.indexOf(page);
  if (at < 0) return step > 0 ? order[0] : null;
  return order[at + step] ?? null;
}

export function insertAfter(order, page, added) {
  const at = order.indexOf(page);
  return [...order.slice(0, at + 1), added, ...order.slice(at + 1)];
}

export const without = (order, page) => order.filter((other) => other !== page);

// `page` moved to stand before the page that is now at `place` (order.length: at the end).
export function move(order, page, place) {
  const before = order.slice(0, place).filter((other) => other !== page);
  const after = order.slice(place).filter((other) => other !== page);
  return [...before, page, ...after];
}

// `page` moved to stand before `next`, or at the end where that is not there; a page that has been taken out stays out.
export function moveBefore(order, page, next) {
  const place = order.indexOf(next);
  return order.includes(page) ? move(order, page, place < 0 ? order.length : place) : order;
}

// An id for a new blank page: larger than every one in use, so that skipped ones keep their ink.
export function nextBlank(ids) {
  const numbers = ids.map((id) => /^blank-(\d+)$/.exec(id)?.[1]).filter(Boolean).map(Number);
  return `blank-${Math.max(0, ...numbers) + 1}`;
}

// Pages of the decks that stand nowhere in the order. decks: [[id, pages], ...]
export function skipped(order, decks) {
  const shown = new Set(order);
  const all = decks.flatMap(([id, pages]) => Array.from({ length: pages }, (_, at) => `${id}-${at + 1}`));
  return all.filter((page) => !shown.has(page));
}

// A skipped page goes back to its place: after the nearest earlier page of its deck, else before its deck's first.
export function restore(order, page) {
  const [, deck, number] = /^(.+)-(\d+)$/.exec(page);
  for (let n = Number(number) - 1; n > 0; n -= 1) {
    if (order.includes(`${deck}-${n}`)) return insertAfter(order, `${deck}-${n}`, page);
  }
  const first = order.findIndex((other) => other.startsWith(`${deck}-`));
  return first < 0 ? [...order, page] : move(order, page, first);
}
