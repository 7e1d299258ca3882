// The page's text: always there for screen readers, in sight for who asks for it.

import { text } from "../helpers/dom.js";

export class Reading {
  #section;
  #heading;
  #words;
  #texts;
  #page = null;
  #label = "";

  constructor({ section, heading, words, button, texts }) {
    this.#section = section;
    this.#heading = heading;
    this.#words = words;
    this.#texts = texts;
    button.addEventListener("click", () => {
      const open = this.#section.classList.toggle("visually-hidden") === false;
      button.setAttribute("aria-pressed", String(open));
      this.#section.tabIndex = open ? 0 : -1; // what can scroll must be reachable by keyboard
      if (open) this.#fetch();
    });
  }

  show(page, label) {
    this.#label = label;
    if (page !== this.#page) {
      this.#page = page;
      if (this.#open) this.#fetch();
      if (page) this.#texts.soon(page, () => this.#render());
    }
    this.#render();
  }

  get #open() {
    return !this.#section.classList.contains("visually-hidden");
  }

  async #fetch() {
    if (!this.#page) return;
    try {
      await this.#texts.fetch(this.#page);
      this.#render();
    } catch {
      text(this.#words, "The text of this slide could not be loaded.");
    }
  }

  #render() {
    const words = this.#page ? this.#texts.get(this.#page) : "";
    text(this.#heading, this.#page ? `Text of ${this.#label}` : "Text of the slide");
    text(this.#words, words === null ? "Loading the text…" : words || "This slide has no text.");
  }
}
