// The text of pages, for screen readers. Fetched at a random moment after each turn, the next two pages' too,
// so that a turn does not make every phone ask at once and most texts are there before their page is.

import { request } from "../helpers/api.js";
import { text } from "./pages.js";

const PREFETCH = [500, 4_000];
const AHEAD = 2;

export class Texts {
  #lesson;
  #found = new Map();
  #timer = 0;

  constructor(lesson) {
    this.#lesson = lesson;
  }

  // What is here already: "" for a page without text, null where it has not come yet.
  get(page) {
    if (!text(page)) return "";
    return this.#found.has(page) ? this.#found.get(page) : null;
  }

  async fetch(page) {
    if (this.get(page) !== null) return this.get(page);
    const { data } = await request("GET", text(page));
    this.#found.set(page, String(data).trim());
    return this.get(page);
  }

  // Calls `done` once the page's own text is there.
  soon(page, done) {
    clearTimeout(this.#timer);
    const [least, most] = PREFETCH;
    this.#timer = setTimeout(() => this.#fetchFrom(page, done), least + Math.random() * (most - least));
  }

  async #fetchFrom(page, done) {
    const from = this.#lesson.number(page);
    const pages = [page, ...(from ? this.#lesson.order.slice(from, from + AHEAD) : [])];
    for (const one of pages) {
      try {
        await this.fetch(one);
      } catch {
        return; // not there yet, or no network: the next turn, or the reader, asks again
      }
      if (one === page) done();
    }
  }
}
