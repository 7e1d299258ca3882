// What is known of a source of events, and what may be said of it: when it was last heard, whether it has
// delivered anything since it was opened, the server's clock, and how late its beats arrive.
//
// A beat carries the server's time. The one that took least time to arrive gives the best offset; against
// it, a beat that a proxy held back shows as late even though it came through.

const ONE_MISSED = 20_000; // beats come every 15 s
const LATE = 5_000;
const JUMP = 60_000; // later than this is not a late beat but a local clock that was set

export class Pulse {
  #heard = 0;
  #fresh = false;
  #seen = false; // there has been a state at all, from whatever source
  #offset = 0;
  #best = -Infinity;
  #late = 0;
  #behind = false; // the server says that it does not hear its store

  // A new source measures anew; until its first beat the old offset is the best guess there is.
  opened() {
    this.hear();
    this.#fresh = false;
    this.#best = -Infinity;
    this.#late = 0;
    this.#behind = false;
  }

  hear() {
    this.#heard = Date.now();
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
    const sample = now - Date.now();
    if (this.#best - sample > JUMP) this.#best = -Infinity;
    this.#best = Math.max(this.#best, sample);
    this.#offset = this.#best;
    this.#late = this.#best - sample;
  }

  doubt() {
    this.#fresh = false;
  }

  get heard() {
    return this.#heard;
  }

  get silence() {
    return Date.now() - this.#heard;
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
