// What stands before the slide: nothing, a black or white screen, or a word where there is no slide.

import { el } from "../helpers/dom.js";

export class Veil {
  #node;
  #shown = "";

  constructor(node) {
    this.#node = node;
  }

  // kind: "black", "white", "plain", or null to lift it. `title` is optional and large.
  show(kind, words = "", title = "") {
    const now = JSON.stringify([kind, words, title]);
    if (now === this.#shown) return;
    this.#shown = now;
    this.#node.hidden = !kind;
    this.#node.dataset.kind = kind || "";
    const heading = title && el("p", { class: "veil-title" }, title);
    this.#node.replaceChildren(...[heading, words && el("p", {}, words)].filter(Boolean));
  }
}
