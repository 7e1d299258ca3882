// How much the outbox sends at once, and how long it waits for the answer. Pure but for what it remembers.
//
// Rules: it begins small, doubles while answers come fast, and halves when one is slow or does not come, so that a page turn
// never waits long behind what is under way; a line of 2 KB a second gets everything through. The server drops a body that takes
// longer than 15 s and its length at 64 KiB a second (app/web/deadlines.py): at 2 KB a second those are 30 KB.

import { MOST_BYTES } from "../helpers/queue.js";

const FIRST = 16 * 1024;
const LEAST = 1024; // single groups, as good as always
const FAST = 1500; // ms
const SLOW = 5000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 12_000;
const LIMIT = 15_000;
const SLOWEST = 2; // bytes a ms

export class Pace {
  #size = FIRST;

  get size() {
    return this.#size;
  }

  // ms to wait for the answer to a request of so many bytes.
  limit(bytes) {
    return LIMIT + bytes / SLOWEST;
  }

  // An answer to `bytes` after so many ms. What was small says nothing about what is large.
  answered(bytes, ms) {
    if (ms > SLOW) this.failed();
    else if (ms < FAST && bytes > this.#size / 2) this.#size = Math.min(MOST_BYTES, this.#size * 2);
  }

  failed() {
    this.#size = Math.max(LEAST, this.#size / 2);
  }
}

// ms until the next try after so many failures in a row: random and growing, and no less than the server has asked for.
export function pause(failures, asked = 0) {
  const ceiling = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));
  return Math.max(Math.min(LONGEST_PAUSE, asked || 0), ceiling * (0.5 + Math.random() / 2));
}
