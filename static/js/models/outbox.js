// Every write of the panel goes through the outbox.
//
// Rules: the newest value per key waits, and nothing below a newer clear. One request is under way at a time. What fails for
// the network's or the server's sake is sent again, after a random and growing pause, with the same stamps, so that a
// repeated or late request is harmless. What is refused (4xx) is dropped alone, and said. 401 pauses until resume();
// 409 means that the lesson has ended, and with it the outbox. 404 waits too: it may be a router's word, not the lesson's.
// A fresh press that is beaten by the stamp of another panel was later all the same, for its teacher had seen what beat it; only
// the clocks disagree. It insists: once more without a stamp, for the server to stamp it after everything it has. Once only, and
// not after a failure, since without a stamp a repetition is no longer harmless. What has an `again` is made anew first, or not sent.
// Events: "change" (waiting), "renewed" {writes}, "sent" {writes: [{key, stamp, applied}]}, "refused" {problem, writes}, "denied", "ended".

import { batch, conflate, covers, named, returned } from "../helpers/queue.js";
import { compare, shift } from "../helpers/stamp.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 12_000;
const TIME_LIMIT = 15_000;
const FRESH = 3000;
const INSISTS = /^(slide|screen|timer|pages|poll\/.+|notes\/.+)$/;
const STROKE = /^ink\/[^/]+\/[^/]+$/;
const PASSING = new Set([404, 408, 425, 429]);

export class Outbox extends EventTarget {
  #send;
  #clock;
  #store;
  #queue = [];
  #flying = [];
  #group = 0;
  #failures = 0;
  #timer = null;
  #state = "open"; // or "paused", "ended"
  #careful = 0; // requests still to be sent group by group, to find out which write is refused

  // send(writes, signal) -> {applied, stamps}; store: models/shelf.js, or null to keep nothing over a reload.
  constructor({ send, clock, store = null }) {
    super();
    this.#send = send;
    this.#clock = clock;
    this.#store = store;
    const left = (store?.load() ?? []).sort((a, b) => compare(a.stamp, b.stamp));
    this.#queue = left.reduce(conflate, []);
    this.#group = Math.max(0, ...this.#queue.map((entry) => entry.group + 1));
    clock.addEventListener("shift", ({ detail }) => this.#shift(detail));
    globalThis.addEventListener?.("online", () => this.retry());
    globalThis.addEventListener?.("pagehide", () => this.#keep(true));
  }

  get entries() {
    return [...this.#flying, ...this.#queue];
  }

  // The laser is not a change that anybody would miss.
  get waiting() {
    return this.entries.filter(({ key }) => key !== "pointer").length;
  }

  get state() {
    return this.#state;
  }

  get failing() {
    return this.#failures > 0;
  }

  // pairs: [[key, value, again?], ...], written together; again() promises the value made anew, or null. Returns the stamped writes.
  put(pairs) {
    if (this.#state === "ended") return [];
    const group = this.#group++;
    const writes = pairs.map(([key, value, again]) => ({ key, value, stamp: this.#clock.next(), group, at: performance.now(), again }));
    for (const write of writes) this.#queue = conflate(this.#queue, write);
    this.#changed();
    // After the current task, so that what one gesture writes in several calls goes in one request.
    queueMicrotask(() => this.flush());
    return writes;
  }

  retry() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.flush();
  }

  // The lesson has ended: nothing can be written any more.
  end() {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#queue = [];
    this.#changed();
    this.#tell("ended", {});
  }

  resume() {
    if (this.#state !== "paused") return;
    this.#state = "open";
    this.retry();
  }

  async flush() {
    if (this.#state !== "open" || this.#flying.length || this.#timer || !this.#queue.length) return;
    this.#flying = batch(this.#queue, this.#careful ? { groups: 1 } : {});
    this.#queue = this.#queue.slice(this.#flying.length);
    const sent = this.#flying.map(({ key, value, stamp, insists }) => (insists ? { key, value } : { key, value, stamp }));
    try {
      this.#arrived(sent, await this.#send(sent, AbortSignal.timeout(TIME_LIMIT)));
    } catch (problem) {
      this.#failed(problem);
    }
    this.#changed();
    this.flush();
  }

  #arrived(sent, { applied = [], stamps = [] }) {
    const flying = this.#flying;
    const now = performance.now();
    const beaten = flying.filter((entry, at) => applied[at] === false && !this.#failures && insists(entry, now));
    this.#flying = [];
    this.#failures = 0;
    this.#careful = Math.max(0, this.#careful - 1);
    sent.forEach(({ stamp }, at) => stamps[at] && this.#clock.answer(stamp, stamps[at]));
    this.#settle(flying.filter((entry) => !beaten.includes(entry)), (entry) => applied[flying.indexOf(entry)] !== false);
    this.#queue = returned(beaten.filter((entry) => (entry.insists = true) && !entry.again), this.#queue);
    beaten.filter(({ again }) => again).forEach((entry) => this.#renew(entry));
  }

  async #renew(entry) {
    const value = await entry.again();
    if (this.#state === "ended" || this.entries.some((newer) => covers(newer, entry))) return;
    if (!value) return this.#settle([entry], () => false);
    this.#queue = [...this.#queue, Object.assign(entry, { value })];
    this.#tell("renewed", { writes: [entry] });
    this.flush();
  }

  #settle(entries, applied) {
    if (!entries.length) return;
    this.#tell("sent", { writes: entries.map((entry) => ({ key: entry.key, stamp: entry.stamp, applied: applied(entry) })) });
  }

  #failed(problem) {
    const { status } = problem;
    const flying = this.#flying.filter(({ insists }) => !insists);
    this.#settle(this.#flying.filter(({ insists }) => insists), () => false);
    this.#flying = [];
    if (status === 409) return this.end();
    if (status === 401 || status === 403) {
      this.#queue = returned(flying, this.#queue);
      this.#state = "paused";
      return this.#tell("denied", { problem });
    }
    if (status >= 400 && status < 500 && !PASSING.has(status)) return this.#refused(problem, flying);
    this.#queue = returned(flying, this.#queue);
    this.#pause(1000 * Number(problem.headers?.get("Retry-After") ?? 0));
  }

  #refused(problem, flying) {
    const bad = named(problem.errors);
    const lone = flying.every(({ group }) => group === flying[0]?.group);
    if (!bad.size && !lone) {
      this.#careful = new Set(flying.map(({ group }) => group)).size;
      this.#queue = returned(flying, this.#queue);
      return;
    }
    const refused = flying.filter((_, at) => !bad.size || bad.has(at));
    this.#queue = returned(flying.filter((entry) => !refused.includes(entry)), this.#queue);
    this.#careful = Math.max(0, this.#careful - 1);
    this.#tell("refused", { problem, writes: refused });
  }

  #pause(asked) {
    this.#failures += 1;
    const ceiling = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
    const least = Math.min(LONGEST_PAUSE, asked || 0);
    this.#timer = setTimeout(() => this.retry(), Math.max(least, ceiling * (0.5 + Math.random() / 2)));
  }

  #shift(delta) {
    for (const entry of this.entries) entry.stamp = shift(entry.stamp, delta);
    this.#changed();
  }

  #changed() {
    this.#keep(false);
    this.dispatchEvent(new CustomEvent("change"));
  }

  #keep(now) {
    this.#store?.keep(this.entries, now);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

// Of ink, only that a stroke goes: it was seen. A stroke that a clear has beaten must not come back.
function insists({ key, value, at, insists: again }, now) {
  return !again && now - at < FRESH && (INSISTS.test(key) || (value === null && STROKE.test(key)));
}
