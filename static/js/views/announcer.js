// What screen readers are told without being asked. One polite region; sentences that come together are
// said together, since a region that changes twice in a moment is read once.

import { text } from "../helpers/dom.js";

const GATHER = 250;

export class Announcer {
  #node;
  #sentences = [];
  #timer = 0;

  constructor(node) {
    this.#node = node;
  }

  say(sentence) {
    this.#sentences.push(sentence);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      text(this.#node, this.#sentences.join(" "));
      this.#sentences = [];
    }, GATHER);
  }
}
