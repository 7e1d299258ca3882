// The server's clock, and how late its beats arrive.
//
// A beat carries the server's time. The one that took least time to arrive gives the best offset; against
// it, a beat that a proxy held back shows as late even though it came through.

export const LATE = 5_000; // a beat so late was held back on its way

const JUMP = 60_000; // later than this is not a late beat but a local clock that was set

export class Lag {
  #offset = 0;
  #best = -Infinity;
  #late = 0;

  beat(now) {
    const sample = now - Date.now();
    if (this.#best - sample > JUMP) this.#best = -Infinity;
    this.#best = Math.max(this.#best, sample);
    this.#offset = this.#best;
    this.#late = this.#best - sample;
  }

  // A new stream measures anew; until its first beat the old offset is the best guess there is.
  restart() {
    this.#best = -Infinity;
    this.#late = 0;
  }

  get offset() {
    return this.#offset;
  }

  get late() {
    return this.#late;
  }
}
