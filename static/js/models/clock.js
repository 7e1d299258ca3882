// A hybrid logical clock: the panel's stamps.
//
// Rules: stamps of one panel strictly increase, whatever the device's clock does. They follow the server's clock, so that two
// panels whose own clocks disagree still order their writes by real time. The server's clock is measured when the panel connects;
// beats, which only ever make it look late, correct it where the device's clock was set or drifts. A correction too large to
// be jitter is announced as "shift", so that stamps already given to writes that still wait can be corrected with the clock. Stamps
// go back only where the device was so far ahead that the server pulls every stamp of it back (5 s): what it accepted is
// then older than what comes next.
// They also follow every stamp that the server has used (hybrid logical clocks: Kulkarni and others, 2014), where that is in
// reach. After a server's clock fell back those may be hours ahead; a stamp of ours that follows them would be pulled back and
// win nothing. The clock is then `outrun`, until the server's has caught up: only writes that the server stamps itself win.

import { format, parse } from "../helpers/stamp.js";

const JITTER = 2000;
const PULLED_BACK = 5000;
const REACH = 4000; // less than is pulled back, by what two clocks may be apart
const DATED = 3000; // an HTTP Date is right to a second or two

export class Clock extends EventTarget {
  #now;
  #last = { ms: 0, counter: -1 };
  #seen = { ms: 0, counter: 0 }; // the newest stamp that the server is known to have used
  #offset = 0;
  #synced = false;

  constructor({ writer = `panel-${random()}`, now = () => Date.now() } = {}) {
    super();
    this.writer = writer;
    this.#now = now;
  }

  get now() {
    return Math.round(this.#now() + this.#offset);
  }

  // The lesson's stamps are further ahead of the server's clock than a stamp of ours may be.
  get outrun() {
    return this.#seen.ms > this.now + REACH;
  }

  next() {
    const ms = this.now;
    if (!this.outrun && after(this.#seen, this.#last)) this.#last = this.#seen;
    const { ms: last, counter } = this.#last;
    this.#last = ms > last ? { ms, counter: 0 } : { ms: last, counter: counter + 1 };
    return format({ ...this.#last, writer: this.writer });
  }

  // A request that the server stamped itself, and our clock before and after: its clock was read somewhere between, on
  // a network that is not lopsided in the middle. Stamped well after the answer's Date, it is not the clock that was read but
  // the lesson's newest stamp.
  measured(before, after, used, date = null) {
    const { ms } = parse(used);
    if (!Number.isFinite(ms)) return;
    this.#follow(used);
    if (date !== null && ms - date > DATED) return this.guess(date);
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

  // The server tells which stamp it used. Earlier than ours: it has pulled ours back, so the device's clock is ahead, and
  // would go on losing its order at the server.
  answer(sent, used) {
    const theirs = parse(used);
    if (!Number.isFinite(theirs.ms)) return;
    this.#follow(used);
    if (sent !== undefined && parse(sent).ms - theirs.ms > JITTER) this.#correct(theirs.ms - this.#now());
  }

  #follow(used) {
    const { ms, counter } = parse(used);
    if (after({ ms, counter }, this.#seen)) this.#seen = { ms, counter };
  }

  #correct(offset) {
    const delta = Math.round(offset - this.#offset);
    this.#offset = offset;
    if (delta <= JITTER && delta >= -PULLED_BACK) return;
    this.#last = { ms: Math.max(0, this.#last.ms + delta), counter: this.#last.counter };
    this.dispatchEvent(new CustomEvent("shift", { detail: delta }));
  }
}

// The Date of an answer, in ms; null where a proxy left it out. It has whole seconds: half of one is the best guess at the rest.
export function dateOf(headers) {
  const date = Date.parse(headers.get("Date") ?? "");
  return Number.isFinite(date) ? date + 500 : null;
}

const after = (a, b) => a.ms > b.ms || (a.ms === b.ms && a.counter > b.counter);

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => (byte % 36).toString(36)).join("");
}
