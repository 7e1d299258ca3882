// This browser's votes. A receipt is what the server acknowledged, never what was merely sent.
//
// - One request at a time for each poll: a second choice waits for the first one's answer, so that the last
//   choice is also the last to arrive.
// - Where the network fails, the vote is kept (over a reload too) and tried again while the poll is open.
// - Where the server refuses, it is said and not tried again.

import { request } from "../helpers/api.js";
import { backOff } from "../helpers/backoff.js";

const RETRY = [1_500, 20_000];
const DEADLINE = 10_000;
const BUSY = new Set([408, 425, 429, 500, 502, 503, 504]); // worth another try, like no answer at all

export class Ballots extends EventTarget {
  #base;
  #lesson;
  #kept;
  #ballots = new Map();

  constructor({ code, lesson, keepsake }) {
    super();
    this.#base = `/api/lessons/${code}/polls`;
    this.#lesson = lesson;
    this.#kept = keepsake;
    lesson.addEventListener("change", ({ detail }) => this.#changed(detail));
  }

  // {receipt: choices or null, wanted: choices not acknowledged yet or null,
  //  trouble: null | "retrying" | "closed" | "over" | "full" | "gone" | "stranger" | "refused"}
  get(poll) {
    if (!this.#ballots.has(poll)) {
      const [receipt, wanted] = [this.#kept.get(`vote/${poll}`), this.#kept.get(`wanted/${poll}`)];
      this.#ballots.set(poll, { receipt, wanted, trouble: null, busy: false, failures: 0, timer: 0 });
    }
    return this.#ballots.get(poll);
  }

  vote(poll, choices) {
    const ballot = this.get(poll);
    Object.assign(ballot, { wanted: choices, trouble: null, failures: 0 });
    this.#kept.set(`wanted/${poll}`, choices);
    this.#tell(poll);
    this.#send(poll);
  }

  // The line is back, or somebody is impatient.
  hurry() {
    for (const [poll, { wanted }] of this.#ballots) if (wanted) this.#send(poll);
  }

  #changed({ keys, reset }) {
    for (const [key, poll] of this.#lesson.below("poll/")) {
      const id = key.slice("poll/".length);
      const { wanted, busy } = this.get(id);
      if (!wanted || !(reset || keys.has(key))) continue;
      if (poll.status === "open") this.#send(id);
      else if (!busy) this.#settle(id, { trouble: "closed" });
    }
  }

  async #send(poll) {
    const ballot = this.get(poll);
    if (ballot.busy) return;
    clearTimeout(ballot.timer);
    ballot.busy = true;
    this.#tell(poll);
    const choices = ballot.wanted;
    const outcome = await this.#post(poll, choices);
    ballot.busy = false;
    if (outcome.receipt) {
      this.#kept.set(`vote/${poll}`, outcome.receipt);
      ballot.receipt = outcome.receipt;
    }
    if (ballot.wanted !== choices) this.#send(poll);
    else if (outcome.trouble === "retrying") this.#later(poll);
    else this.#settle(poll, outcome);
  }

  async #post(poll, choices) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), DEADLINE);
    try {
      const path = `${this.#base}/${poll}/votes`;
      const { data } = await request("POST", path, { json: { choices }, signal: abort.signal });
      return { receipt: data.choices, trouble: null };
    } catch (error) {
      return { trouble: why(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  #later(poll) {
    const ballot = this.get(poll);
    const register = this.#lesson.get(`poll/${poll}`);
    if (register && register.status !== "open") return this.#settle(poll, { trouble: "closed" });
    ballot.trouble = "retrying";
    ballot.timer = setTimeout(() => this.#send(poll), backOff(RETRY, ballot.failures++));
    this.#tell(poll);
  }

  #settle(poll, { trouble }) {
    Object.assign(this.get(poll), { wanted: null, trouble, failures: 0 });
    this.#kept.set(`wanted/${poll}`, null);
    this.#tell(poll);
  }

  #tell(poll) {
    this.dispatchEvent(new CustomEvent("change", { detail: { poll } }));
  }
}

// By the problem's type; a status without one of ours may be a proxy's, and is tried again.
const WHY = {
  "poll-closed": "closed",
  "lesson-ended": "over",
  "poll-full": "full",
  "poll-unknown": "gone",
  "lesson-unknown": "gone",
  "voter-forged": "stranger",
};

function why({ type, status }) {
  if (WHY[type]) return WHY[type];
  return !type || BUSY.has(status) ? "retrying" : "refused";
}
