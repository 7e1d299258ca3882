// The long poll, with a trial stream beside it that finds the way back.
//
// The trial's states are thrown away: only the poll feeds the lesson, so nothing comes twice or out of order.
// A stream is worth going back to once one beat has come through it on time; a first event proves nothing,
// since some proxies let that one pass and hold the rest.

import { Lag, LATE } from "./lag.js";
import { LongPoll } from "./longpoll.js";
import { Stream } from "./stream.js";

const DEAD = 40_000;
const UNANSWERED = 150_000; // a server at its limit sends clients away for minutes: leave them be so long
const PATIENCE = 60_000; // between trials where EventSource gives up

export class Detour {
  #urls;
  #listener;
  #poll;
  #trial = null;
  #heard = 0;
  #lag = new Lag();
  failing = false;

  // `urls` gives events() and state(wait); `listener` hears state, failed(error, times), end, beat and recovered.
  constructor(urls, listener) {
    this.#urls = urls;
    this.#listener = listener;
    this.#poll = new LongPoll(urls.state, {
      answer: (data) => {
        this.failing = false;
        listener.state(data, data.cursor);
      },
      failed: (error, times) => {
        this.failing = true;
        listener.failed(error, times);
      },
    });
    this.#try();
  }

  close() {
    this.#poll.stop();
    this.#trial.close();
  }

  tick() {
    const silence = Date.now() - this.#heard;
    const patience = this.#trial.open ? DEAD : this.#trial.gaveUp ? PATIENCE : UNANSWERED;
    if (silence > patience) this.#try();
  }

  #try() {
    if (this.#trial) this.#trial.close();
    const hear = () => (this.#heard = Date.now());
    hear();
    this.#trial = new Stream(this.#urls.events(), {
      open: hear,
      state: hear,
      lost: hear,
      end: () => this.#listener.end(),
      beat: (data) => {
        hear();
        this.#lag.beat(data.now);
        this.#listener.beat(data);
        if (this.#lag.late < LATE) this.#listener.recovered();
      },
    });
  }
}
