// What the panel shows: what the server has said, and over it what the panel has written and the server has not yet repeated.
//
// Rules: a write shows at once. As long as it waits, the stream does not undo it, nor anything below a waiting clear. Once
// the server has answered, its own word wins: at the latest ECHO after the answer, and at once where both agree already.
// `said` is a second replica that hears the stream alone, so that the truth is always at hand.
// A write that was beaten, and of which nothing is left to be seen, is told to `lost`: no press goes without a word.

import { Lesson } from "./lesson.js";
import { isPrefix } from "../helpers/queue.js";

const ECHO = 1500;
const PASSING = /^pointer$|^ink\/[^/]+\/[^/]+\//; // pieces of strokes, and the clears of these

export class Mirror {
  #view;
  #lost;
  #said = new Lesson();
  #pending = new Map(); // key -> {write, value, settled, heard, beaten}; a write's stamp may shift with the clock

  constructor(view, lost = () => {}) {
    this.#view = view;
    this.#lost = lost;
  }

  get said() {
    return this.#said;
  }

  // From the stream.
  hear({ reset = false, writes }) {
    this.#said.apply({ reset, writes });
    if (reset) {
      for (const [key, mine] of this.#pending) if (mine.settled) this.#pending.delete(key);
      this.#view.apply({ reset, writes: [...writes, ...this.#mine()] });
      return;
    }
    const shown = [];
    for (const [key, value] of writes) shown.push(...this.#heard(key, value));
    if (shown.length) this.#view.apply({ reset: false, writes: shown });
  }

  // By this panel: stamped writes, from the outbox.
  write(writes) {
    for (const write of writes) {
      const { key } = write;
      const value = kept(write);
      if (isPrefix(key)) this.#drop((other) => other.startsWith(key));
      this.#pending.delete(key); // so that the map stays in the order of writing
      this.#pending.set(key, { write, value, settled: false, heard: false, beaten: false });
    }
    this.#view.apply({ reset: false, writes: writes.map((write) => [write.key, kept(write)]) });
  }

  // The server has answered: [{key, stamp, applied}].
  settle(writes) {
    const late = [];
    for (const { key, stamp, applied } of writes) {
      const mine = this.#pending.get(key);
      if (mine?.write.stamp !== stamp) continue;
      mine.settled = true;
      mine.beaten = !applied; // nothing will come by stream: the winner came before, or is on its way
      if (this.#agrees(key, mine.value)) this.#yield(key);
      else late.push([key, mine]);
    }
    if (late.length) setTimeout(() => late.forEach(([key, mine]) => this.#overdue(key, mine)), ECHO);
  }

  // Refused: as if never written.
  undo(writes) {
    for (const { key, stamp } of writes) if (this.#pending.get(key)?.write.stamp === stamp) this.#yield(key);
  }

  #heard(key, value) {
    const mine = this.#pending.get(key);
    if (mine) {
      mine.heard = true;
      if (mine.settled && same(value, mine.value)) this.#pending.delete(key);
      return [];
    }
    if (this.#covered(key)) return [];
    return isPrefix(key) ? [[key, value], ...this.#mine(key)] : [[key, value]];
  }

  #overdue(key, mine) {
    // Nothing heard of the key: the stream is down, and its next word on this key will be the truth.
    if (this.#pending.get(key) !== mine) return;
    if (mine.beaten && !PASSING.test(key) && !this.#agrees(key, mine.value)) this.#lost(key);
    if (mine.heard || mine.beaten) this.#yield(key);
    else this.#pending.delete(key);
  }

  #yield(key) {
    this.#pending.delete(key);
    const writes = isPrefix(key)
      ? [[key, null], ...this.#said.below(key), ...this.#mine(key)]
      : [[key, this.#said.get(key) ?? null]];
    if (isPrefix(key) && this.#agrees(key, null) && !this.#view.below(key).length) return;
    if (!isPrefix(key) && same(writes[0][1], this.#view.get(key) ?? null)) return;
    this.#view.apply({ reset: false, writes });
  }

  #agrees(key, value) {
    return isPrefix(key) ? !this.#said.below(key).length : same(this.#said.get(key) ?? null, value);
  }

  #covered(key) {
    for (const [prefix] of this.#pending) if (isPrefix(prefix) && key.startsWith(prefix)) return true;
    return false;
  }

  #mine(below = "") {
    return [...this.#pending].filter(([key]) => key.startsWith(below) && key !== below).map(([key, { value }]) => [key, value]);
  }

  #drop(test) {
    for (const key of [...this.#pending.keys()]) if (test(key)) this.#pending.delete(key);
  }
}

// The value as the server keeps it: the decks that a writer knows are for the server alone.
function kept({ key, value }) {
  return key === "pages" && value ? { order: value.order } : value;
}

export function same(a, b) {
  if (a === b) return true;
  if (!a || !b || typeof a !== "object" || typeof b !== "object" || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}
