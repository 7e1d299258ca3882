// The long poll, with a trial stream beside it that finds the way back.
//
// The trial's states are thrown away: only the poll feeds the lesson, so nothing comes twice or out of order.
// A stream is worth going back to once one beat has come through it on time; a first event proves nothing,
// since some proxies let that one pass and hold the rest.

import { LongPoll } from "./longpoll.js";
import { Pulse } from "./pulse.js";
import { Stream } from "./stream.js";

const DEAD = 40_000;
const UNANSWERED = 150_000; // a server at its limit sends clients away for minutes: leave them be so long
const PATIENCE = 60_000; // between trials where EventSource gives up

export class Detour {
  #owner;
  #poll;
  #trial = null;
  #pulse = new Pulse();
  failing = false;

  // `owner` gives the addresses events() and question(wait), and hears state, beat, end, idle (an answer without
  // news), recovered, and failed(error, times in a row).
  constructor(owner) {
    this.#owner = owner;
    this.#poll = new LongPoll(owner.question, {
      answer: (data) => this.#answered(data),
      failed: (error, times) => {
        this.failing = true;
        owner.failed(error, times);
      },
    });
    this.#try();
  }

  close() {
    this.#poll.stop();
    this.#trial.close();
  }

  tick() {
    const patience = this.#trial.open ? DEAD : this.#trial.gaveUp ? PATIENCE : UNANSWERED;
    if (this.#pulse.silence > patience) this.#try();
  }

  #answered(data) {
    this.failing = false;
    this.#owner.state(data, data.cursor);
    if (!data.reset && !data.writes.length) this.#owner.idle();
  }

  #try() {
    if (this.#trial) this.#trial.close();
    const hear = () => this.#pulse.hear();
    this.#pulse.opened();
    this.#trial = new Stream(this.#owner.events(), {
      open: () => this.#pulse.opened(),
      state: hear,
      lost: hear,
      end: () => this.#owner.end(),
      beat: (data) => {
        this.#pulse.beat(data);
        this.#owner.beat(data);
        if (!this.#pulse.late) this.#owner.recovered();
      },
    });
  }
}
