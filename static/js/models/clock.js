// A hybrid logical clock: the panel's stamps.
//
// Rules: stamps of one panel strictly increase, whatever the device's clock does. They follow the server's clock, so that two
// panels whose own clocks disagree still order their writes by real time. The server's clock is measured when the panel connects;
// beats, which only ever make it look late, correct it where the device's clock was set or drifts. A correction too large to
// be jitter is announced as "shift", so that stamps already given to writes that still wait can be corrected with the clock. Stamps
// go back only where the device was so far ahead that the server pulls every stamp of it back (5 s): what it accepted is
// then older than what comes next.

import { format, parse } from "../helpers/stamp.js";

const JITTER = 2000;
const PULLED_BACK = 5000;

export class Clock extends EventTarget {
  #now;
  #last = { ms: 0, counter: -1 };
  #offset = 0;
  #synced = false;

  constructor({ writer = `panel-${random()}`, now = Date.now } = {}) {
    super();
    this.writer = writer;
    this.#now = now;
  }

  get now() {
    return Math.round(this.#now() + this.#offset);
  }

  next() {
    const ms = this.now;
    const { ms: last, counter } = this.#last;
    this.#last = ms > last ? { ms, counter: 0 } : { ms: last, counter: counter + 1 };
    return format({ ...this.#last, writer: this.writer });
  }

  // A request that the server stamped itself, and our clock before and after: its clock was read somewhere between, on
  // a network that is not lopsided in the middle.
  measured(before, after, used) {
    const { ms } = parse(used);
    if (!Number.isFinite(ms)) return;
    this.#synced = true;
    this.#correct(ms - (before + after) / 2);
  }

  // `offset`: the server's clock minus the device's as the connection's best beat shows it: too small by that beat's journey.
  sync(offset) {
    const measured = this.#synced;
    this.#synced = true;
    if (!measured || offset > this.#offset || this.#offset - offset > JITTER) this.#correct(offset);
  }

  // A first, coarse idea of the server's clock (an HTTP Date has whole seconds), until a beat comes.
  guess(serverNow) {
    const offset = serverNow - this.#now();
    if (!this.#synced && Math.abs(offset - this.#offset) > JITTER) this.#correct(offset);
  }

  // The server tells which stamp it used. Later than ours: go on after it. Earlier: it has pulled ours back,
  // so the device's clock is ahead, and would go on losing its order at the server.
  answer(sent, used) {
    const theirs = parse(used);
    if (sent === used || !Number.isFinite(theirs.ms)) return;
    if (theirs.ms > this.#last.ms) this.#last = { ms: theirs.ms, counter: theirs.counter };
    if (sent !== undefined && parse(sent).ms - theirs.ms > JITTER) this.#correct(theirs.ms - this.#now());
  }

  #correct(offset) {
    const delta = Math.round(offset - this.#offset);
    this.#offset = offset;
    if (delta <= JITTER && delta >= -PULLED_BACK) return;
    this.#last = { ms: Math.max(0, this.#last.ms + delta), counter: this.#last.counter };
    this.dispatchEvent(new CustomEvent("shift", { detail: delta }));
  }
}

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => (byte % 36).toString(36)).join("");
}
