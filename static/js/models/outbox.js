// Every write of the panel goes through the outbox.
//
// Rules: the newest value per key waits, and nothing below a newer clear. One request is under way at a time, page turns first
// (helpers/queue.js), as large as the line is fast (models/pace.js). What fails for the network's or the server's sake is sent
// again, after a random and growing pause, with the same stamps, so that a repeated or late request is harmless. What a failure
// means its problem's type says (helpers/verdict.js). What is refused is dropped alone, and said; in a full lesson that is what
// would be added: what only takes away still goes. A missing key pauses until resume(). The end of the lesson is the outbox's.
// Which press goes once more, or without a stamp, says helpers/presses.js. What has an `again` is then made anew first.
// Events: "change" (waiting), "renewed" {writes}, "sent" {writes: [{key, stamp, applied}]}, "refused" {problem, writes},
// "room" (a full lesson has place again), "waits" {problem}, "denied", "ended".

import { frees, insists, written } from "../helpers/presses.js";
import { batch, conflate, covers, groupsOf, inTurn, refused, returned, weigh } from "../helpers/queue.js";
import { compare, shift } from "../helpers/stamp.js";
import { tooSlow, verdict } from "../helpers/verdict.js";
import { Pace, pause } from "./pace.js";

const FULL = 5000; // then it is tried again: another panel may have made room

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
  #pace = new Pace();
  #full = -Infinity; // until when it counts as full of ink
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
    globalThis.addEventListener?.("pagehide", () => this.#store?.keep(this.entries, true));
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

  // Whether a stroke would be refused at the moment. That a poll was says nothing of it: polls have a bound of their own.
  get full() {
    return performance.now() < this.#full;
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
    const line = inTurn(this.#queue);
    this.#flying = batch(line, { size: this.#pace.size, groups: this.#careful ? 1 : Infinity });
    this.#queue = line.slice(this.#flying.length);
    const began = performance.now();
    const sent = this.#flying.map((entry) => written(entry, began, this.#clock.outrun));
    try {
      const bytes = weigh(sent);
      const answer = await this.#send(sent, AbortSignal.timeout(this.#pace.limit(bytes)));
      this.#pace.answered(bytes, performance.now() - began);
      this.#arrived(sent, answer);
    } catch (problem) {
      this.#failed(problem);
    }
    this.#changed();
    this.flush();
  }

  #arrived(sent, { applied = [], stamps = [] }) {
    const flying = this.#flying;
    const now = performance.now();
    this.#flying = [];
    sent.forEach(({ stamp }, at) => stamps[at] && this.#clock.answer(stamp, stamps[at]));
    const { outrun } = this.#clock;
    const beaten = flying.filter((entry, at) =>
      applied[at] === false && sent[at].stamp && !this.#failures && insists(entry, now, outrun));
    if (flying.some((entry, at) => applied[at] !== false && frees(entry))) this.#room();
    this.#failures = 0;
    this.#careful = Math.max(0, this.#careful - 1);
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
    const [kind, flying] = [verdict(problem), this.#flying];
    this.#flying = [];
    if (kind === "ended") return this.end();
    if (kind === "wait") return this.#again(problem, flying);
    if (kind !== "denied") return this.#refused(problem, flying, kind === "full");
    this.#queue = returned(flying, this.#queue);
    this.#state = "paused";
    this.#tell("denied", { problem });
  }

  // No answer, or none that decides: whether it arrived is not known, so what insists does not go again.
  #again(problem, flying) {
    this.#settle(flying.filter(({ insists }) => insists), () => false);
    this.#queue = returned(flying.filter(({ insists }) => !insists), this.#queue);
    if (tooSlow(problem)) this.#pace.failed();
    this.#tell("waits", { problem });
    this.#failures += 1;
    this.#timer = setTimeout(() => this.retry(), pause(this.#failures, 1000 * Number(problem.headers?.get("Retry-After") ?? 0)));
  }

  #refused(problem, flying, full) {
    const dropped = refused(flying, problem.errors, full);
    if (full && dropped?.some(({ key }) => key.startsWith("ink/"))) this.#full = performance.now() + FULL;
    this.#careful = dropped ? Math.max(0, this.#careful - 1) : groupsOf(flying);
    this.#queue = returned(flying.filter((entry) => !dropped?.includes(entry)), this.#queue);
    if (dropped) this.#tell("refused", { problem, writes: dropped });
  }

  #room() {
    this.#full = -Infinity;
    this.#tell("room", {});
  }

  #shift(delta) {
    for (const entry of this.entries) entry.stamp = shift(entry.stamp, delta);
    this.#changed();
  }

  #changed() {
    this.#store?.keep(this.entries, false);
    this.dispatchEvent(new CustomEvent("change"));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
