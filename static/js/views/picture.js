// The page's image. The one on show stays until the next is decoded, so that a page turn does not flash;
// if that takes long it is hidden instead, so that nobody reads the old page under the new page's number.
// A picture that does not come is asked for again, ever more slowly, for as long as it is wanted.

import { backOff } from "../helpers/backoff.js";
import { el } from "../helpers/dom.js";

const HOLD = 120; // how long the old page may stand in for the new one
const RETRY = [800, 20_000];

export class Picture {
  #parent;
  #shown = null;
  #wanted = null; // the address, or null for none
  #pending = Promise.resolve();
  #token = 0;
  #onwait;

  // `onwait(bool)` hears whether there is something to wait for.
  constructor(parent, onwait) {
    this.#parent = parent;
    this.#onwait = onwait;
  }

  // Resolves once the old picture is out of the way; `same`: it shows the same page at another width.
  show(url, { same = false, alt = "" } = {}) {
    if (this.#wanted === url) return this.#pending;
    this.#wanted = url;
    const token = ++this.#token;
    if (!url) this.#swap(null);
    this.#pending = url ? this.#replace(url, alt, token, same) : Promise.resolve();
    return this.#pending;
  }

  #replace(url, alt, token, same) {
    return new Promise((resolve) => {
      const leave = () => {
        if (!this.#isWanted(token)) return;
        this.#swap(null);
        this.#onwait(true);
        resolve();
      };
      const hold = same ? 0 : setTimeout(leave, HOLD);
      this.#load(url, alt, token, 0).then((image) => {
        clearTimeout(hold);
        if (image) this.#swap(image);
        resolve();
      });
    });
  }

  #isWanted(token) {
    return token === this.#token;
  }

  async #load(url, alt, token, failures) {
    const image = el("img", { alt, draggable: "false" });
    image.decoding = "async";
    image.src = url;
    try {
      await image.decode();
      return this.#isWanted(token) ? image : null;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, backOff(RETRY, failures)));
      return this.#isWanted(token) ? this.#load(url, alt, token, failures + 1) : null;
    }
  }

  #swap(image) {
    if (this.#shown) this.#shown.remove();
    if (image) this.#parent.prepend(image);
    this.#shown = image;
    this.#onwait(false);
  }
}
