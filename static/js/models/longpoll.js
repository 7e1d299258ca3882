// The way round networks that hold streams back: ask for what has changed since a cursor, again and again.
// One question at a time, paced; failures make the pauses longer. What counts against an answer is silence, not its length: a
// slow network may take minutes for it, and is asked for it once.

import { ask } from "../helpers/api.js";
import { backOff } from "../helpers/backoff.js";

const WAIT_S = 25; // what the server is asked to wait
const SILENCE = 40_000; // longer than the wait and a slow network together
const PACE = [700, 30_000]; // a lesson in full ink must not become twenty requests a second

export class LongPoll {
  #abort = new AbortController();

  // `url(wait)` gives the address with the newest cursor; `listener` hears answer(data) and failed(error).
  constructor(url, listener) {
    this.#run(url, listener);
  }

  stop() {
    this.#abort.abort();
  }

  async #run(url, listener) {
    const { signal } = this.#abort;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const data = await ask(url(WAIT_S), SILENCE, signal);
        failures = 0;
        if (!signal.aborted) listener.answer(data);
      } catch (error) {
        failures += 1;
        if (!signal.aborted) listener.failed(error, failures);
      }
      await new Promise((resolve) => setTimeout(resolve, backOff(PACE, failures)));
    }
  }
}
