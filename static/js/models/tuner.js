// Reads the server's clock for models/clock.js, by a write that the server stamps itself: that nobody points, which changes
// nothing unless somebody does, and then it waits for another time.
//
// A page that is still loading answers late and reads badly: a few readings, further and further apart, and the one that took
// least time counts.

const PAUSES = [0, 700, 3_000];

export class Tuner {
  #clock;
  #send;
  #lesson;
  #over;
  #now;
  #running = false;

  // `over` says whether the lesson has ended: nothing is written to it then.
  constructor({ clock, send, lesson, over = () => false, now = () => Date.now() }) {
    this.#clock = clock;
    this.#send = send;
    this.#lesson = lesson;
    this.#over = over;
    this.#now = now;
  }

  // A request that fails ends it: what is known of the clock stays, and the outbox says what is wrong with the line.
  async run(pauses = PAUSES) {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#read(pauses);
    } catch {
      // see above
    }
    this.#running = false;
  }

  async #read(pauses) {
    let best = Infinity;
    for (const pause of pauses) {
      await new Promise((done) => setTimeout(done, pause));
      if (this.#over()) return;
      if (this.#lesson.get("pointer")) continue;
      const before = this.#now();
      const { stamps, date } = await this.#send([{ key: "pointer", value: null }]);
      const after = this.#now();
      if (after - before > best) continue;
      best = after - before;
      this.#clock.measured(before, after, stamps[0], date);
    }
  }
}
