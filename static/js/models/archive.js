// The ink of pages looked back at. The stream brings only the live page's ink whole, so that of another page
// is fetched and laid under what the stream says:
//
// - What the fetch brings replaces all we had of that page.
// - What the stream brought while the fetch was under way is applied again after it, and so is what came in
//   the moments before: the answer may come from a worker that is a flush behind the one that streams.
// - A reset throws all of it away and so is followed by another fetch.

import { ask } from "../helpers/api.js";
import { backOff } from "../helpers/backoff.js";

const BEHIND = 3_000; // how far one worker's answer may be behind another's stream
const RETRY = [1_000, 20_000];
const SILENCE = 15_000;

export class Archive {
  #base;
  #lesson;
  #page = null;
  #journal = []; // [[time, writes of ink], ...], as the stream brought them
  #fetching = null;

  constructor({ code, lesson }) {
    this.#base = `/api/lessons/${code}/ink/`;
    this.#lesson = lesson;
  }

  // Hears every state of the stream before the lesson does.
  record({ reset, writes }) {
    const now = Date.now();
    if (reset) this.#journal = [];
    const since = Math.min(now, this.#fetching ? this.#fetching.started : now) - BEHIND;
    this.#journal = this.#journal.filter(([time]) => time >= since);
    const ink = reset ? [] : writes.filter(([key]) => key.startsWith("ink/"));
    if (ink.length) this.#journal.push([now, ink]);
    if (reset && this.#page) this.#fetch(0);
  }

  // The page looked at, or null while following the lesson.
  look(page) {
    if (page === this.#page) return;
    this.#page = page;
    this.#abandon();
    if (page) this.#fetch(0);
  }

  async #fetch(failures) {
    this.#abandon();
    const page = this.#page;
    const mine = (this.#fetching = { started: Date.now(), abort: new AbortController() });
    try {
      const { writes } = await ask(this.#base + page, SILENCE, mine.abort.signal);
      if (this.#fetching !== mine) return;
      this.#fetching = null;
      this.#merge(page, writes, mine.started - BEHIND);
    } catch {
      if (this.#fetching === mine) this.#later(mine, failures);
    }
  }

  #later(mine, failures) {
    setTimeout(() => this.#fetching === mine && this.#fetch(failures + 1), backOff(RETRY, failures));
  }

  #merge(page, writes, since) {
    const prefix = `ink/${page}/`;
    const touches = (key) => key.startsWith(prefix) || (key.endsWith("/") && prefix.startsWith(key));
    const again = this.#journal.filter(([time]) => time >= since).flatMap(([, ink]) => ink);
    this.#lesson.apply({ writes: [[prefix, null], ...writes, ...again.filter(([key]) => touches(key))] });
  }

  #abandon() {
    if (this.#fetching) this.#fetching.abort.abort();
    this.#fetching = null;
  }
}
