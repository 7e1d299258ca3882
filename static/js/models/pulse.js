// What is known of a source of events, and what may be said of it: when it was last heard, whether it has
// delivered anything since it was opened, the server's clock, and how late its beats arrive.
//
// A beat carries the server's time. The one that took least time to arrive gives the best offset; against
// it, a beat that a proxy held back shows as late even though it came through.
// No clock that is set is taken for lateness. Arrivals are measured by a clock that nobody sets. The server's fell back where a
// beat's time is less than a turn after that of the beat before: being held back changes when a beat arrives, not what it says.

const TURN = 15_000; // from a stream's beat to its next; one that is left out makes it more, nothing makes it less
const ROUNDING = 1_000;
const ONE_MISSED = 20_000;
const LATE = 5_000;

export class Pulse {
  #heard = { device: 0, page: 0 };
  #fresh = false;
  #seen = false; // there has been a state at all, from whatever source
  #offset = 0; // to the device's clock
  #best = -Infinity; // to the clock of arrivals
  #last = null; // the server's time in the beat before
  #late = 0;
  #behind = false; // the server says that it does not hear its store

  // A new source measures anew, be it another connection of the same stream: it may be another server's. Until its first
  // beat the old offset is the best guess there is.
  opened() {
    this.hear();
    this.#fresh = false;
    this.#best = -Infinity;
    this.#last = null;
    this.#late = 0;
    this.#behind = false;
  }

  hear() {
    this.#heard = { device: Date.now(), page: performance.now() };
  }

  state() {
    this.hear();
    this.#fresh = this.#seen = true;
    this.#behind = false; // what tells of news hears them
  }

  beat({ now, behind = false }) {
    this.hear();
    this.#behind = behind;
    this.#fresh = this.#seen;
    this.#follow(now);
    // The first beat of a stream that is told at once that the server is behind comes before its turn.
    if (this.#last === null && behind) return;
    this.#last = now;
  }

  #follow(now) {
    const arrived = performance.now();
    const sample = now - arrived;
    const apart = this.#last === null ? TURN : now - this.#last;
    if (apart < TURN - ROUNDING) this.#best -= TURN - apart;
    this.#best = Math.max(this.#best, sample);
    this.#offset = Math.round(this.#best + arrived - Date.now());
    this.#late = this.#best - sample;
  }

  doubt() {
    this.#fresh = false;
  }

  // By the longer of two clocks: the device's may be set back, the page's stands still while the device sleeps.
  get silence() {
    return Math.max(Date.now() - this.#heard.device, performance.now() - this.#heard.page);
  }

  get seen() {
    return this.#seen;
  }

  get offset() {
    return this.#offset;
  }

  get late() {
    return this.#late > LATE;
  }

  // polling: "well", "failing", or null for a stream.
  verdict(polling) {
    if (polling === "well") return "delayed";
    if (this.#fresh && !polling) return this.late || this.#behind || this.silence > ONE_MISSED ? "delayed" : "live";
    return this.#seen ? "reconnecting" : "connecting";
  }
}
