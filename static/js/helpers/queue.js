// What the outbox does with its entries, as pure functions. An entry is {key, value, stamp, group}: the entries of one
// group were written together and should reach the viewers together, in one request.

import { compare } from "./stamp.js";

export const MOST_WRITES = 256;
export const MOST_BYTES = 240 * 1024; // the server takes 256 KiB; the rest is for the envelope
const WHOLE = 24 * 1024; // the longest stroke has 15 KiB

export const isPrefix = (key) => key.endsWith("/");

// Whether `entry` makes `older` pointless: the same key, or a clear of everything above it.
export function covers(entry, older) {
  return entry.key === older.key || (isPrefix(entry.key) && older.key.startsWith(entry.key));
}

// The queue with one entry more: newest value per key, nothing below a newer clear.
export function conflate(queue, entry) {
  return [...queue.filter((older) => !covers(entry, older)), entry];
}

// Entries that were under way and did not arrive, put back in front, unless something newer covers them by now. Newer by its
// stamp: what went first need not be the oldest.
export function returned(flying, queue) {
  const beaten = (mine) => queue.some((entry) => covers(entry, mine) && compare(entry.stamp, mine.stamp) > 0);
  return [...flying.filter((mine) => !beaten(mine)), ...queue];
}

const TURNS = /^(slide|screen)$/;

// The order in which groups go: page turns first, since everybody waits for them; then what only takes away, which makes room in
// a full lesson; then the rest. Stamps settle what holds in the end, so that the order of arrival decides nothing.
export function inTurn(queue) {
  const ranks = [[], [], []];
  for (let at = 0; at < queue.length;) {
    const group = groupAt(queue, at);
    ranks[rank(group)].push(...group);
    at += group.length;
  }
  return ranks.flat();
}

function rank(group) {
  if (group.some(({ key }) => TURNS.test(key))) return 0;
  return group.every(({ value }) => value === null) ? 1 : 2;
}

const encoder = new TextEncoder();
const bytes = ({ key, value, stamp }) => encoder.encode(JSON.stringify({ key, value, stamp })).length + 1;
export const weigh = (entries) => entries.reduce((sum, entry) => sum + bytes(entry), 0);

// The next request: whole groups from the front while they fit. A group too large for any request goes in parts; so does one
// too large for a slow line, but nothing the size of a stroke.
export function batch(queue, { writes = MOST_WRITES, size = MOST_BYTES, groups = Infinity } = {}) {
  const taken = [];
  const whole = Math.max(size, WHOLE);
  let total = 0;
  let seen = 0;
  for (let at = 0; at < queue.length && seen < groups;) {
    const group = groupAt(queue, at);
    const weight = weigh(group);
    if (taken.length + group.length > writes || total + weight > (taken.length ? size : whole)) {
      return taken.length ? taken : fitting(group, writes, whole);
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

// What a refusal takes of a request: what it names, or all of it where it is one group; of a group that does not fit into a full
// lesson, what would be added. null: it has to be found out, group by group.
export function refused(flying, errors, full) {
  const bad = named(errors);
  if (bad.size) return flying.filter((_, at) => bad.has(at));
  if (groupsOf(flying) > 1) return null;
  const added = full ? flying.filter(({ value }) => value !== null) : [];
  return added.length ? added : flying;
}

export const groupsOf = (entries) => new Set(entries.map(({ group }) => group)).size;

// The places that a refusal names: errors[].path "writes[3].value.page" -> 3.
function named(errors = []) {
  const places = errors.map(({ path }) => /^writes\[(\d+)\]/.exec(path ?? "")?.[1]).filter(Boolean);
  return new Set(places.map(Number));
}
