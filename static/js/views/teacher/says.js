// Short words to the teacher, in a corner that covers neither the slide's middle nor the buttons. What needs an answer
// stays until it is put away; the rest goes by itself.

import { el } from "../../helpers/dom.js";
import { icon } from "./icons.js";

const STAYS = 5000;
const MOST = 3;

export class Says {
  #root;

  constructor(root) {
    this.#root = root;
  }

  // kind: "note" goes by itself, "fault" stays.
  say(words, kind = "note") {
    for (const old of this.#root.children) if (old.dataset.words === words) old.remove();
    const close = el("button", { class: "plain square", type: "button", "aria-label": "Put away", onclick: () => note.remove() }, icon("close"));
    const note = el("div", { class: `say say-${kind}`, dataset: { words } }, el("p", {}, words), close);
    this.#root.append(note);
    while (this.#root.children.length > MOST) this.#root.firstChild.remove();
    if (kind === "note") setTimeout(() => note.remove(), STAYS);
  }

  // It is not so any more.
  unsay(words) {
    for (const old of [...this.#root.children]) if (old.dataset.words === words) old.remove();
  }
}
