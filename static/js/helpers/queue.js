// What the outbox does with its entries, as pure functions. An entry is {key, value, stamp, group}: the entries of one
// group were written together and should reach the viewers together, in one request.

export const MOST_WRITES = 256;
export const MOST_BYTES = 240 * 1024; // the server takes 256 KiB; the rest is for the envelope

export const isPrefix = (key) => key.endsWith("/");

// Whether `entry` makes `older` pointless: the same key, or a clear of everything above it.
export function covers(entry, older) {
  return entry.key === older.key || (isPrefix(entry.key) && older.key.startsWith(entry.key));
}

// The queue with one entry more: newest value per key, nothing below a newer clear.
export function conflate(queue, entry) {
  return [...queue.filter((older) => !covers(entry, older)), entry];
}

// Entries that were under way and did not arrive, put back in front, unless something newer covers them by now.
export function returned(flying, queue) {
  return [...flying.filter((older) => !queue.some((entry) => covers(entry, older))), ...queue];
}

const encoder = new TextEncoder();
export const bytes = ({ key, value, stamp }) => encoder.encode(JSON.stringify({ key, value, stamp })).length + 1;

// The next request: whole groups from the front while they fit; a group too large for any request goes in parts.
export function batch(queue, { writes = MOST_WRITES, size = MOST_BYTES, groups = Infinity } = {}) {
  const taken = [];
  let total = 0;
  let seen = 0;
  for (let at = 0; at < queue.length && seen < groups;) {
    const group = groupAt(queue, at);
    const weight = group.reduce((sum, entry) => sum + bytes(entry), 0);
    if (taken.length + group.length > writes || total + weight > size) {
      return taken.length ? taken : fitting(group, writes, size);
    }
    taken.push(...group);
    total += weight;
    at += group.length;
    seen += 1;
  }
  return taken;
}

function groupAt(queue, at) {
  let end = at + 1;
  while (end < queue.length && queue[end].group === queue[at].group) end += 1;
  return queue.slice(at, end);
}

function fitting(group, writes, size) {
  const taken = [];
  let total = 0;
  for (const entry of group.slice(0, writes)) {
    total += bytes(entry);
    if (taken.length && total > size) break;
    taken.push(entry);
  }
  return taken;
}

// The places that a refusal names: errors[].path "writes[3].value.page" -> 3.
export function named(errors = []) {
  const places = errors.map(({ path }) => /^writes\[(\d+)\]/.exec(path ?? "")?.[1]).filter(Boolean);
  return new Set(places.map(Number));
}
