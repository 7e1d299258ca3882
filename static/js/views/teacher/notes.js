// The current page's notes. Typing is written after a pause, and at once when the page turns or the field is left.
// What another panel writes shows, unless this one is in the middle of its own words.

import { $, text } from "../../helpers/dom.js";

const PAUSE = 600;

export class Notes {
  #desk;
  #field = $("#notes");
  #page = null;
  #timer = null;
  #refused = null; // the page whose words the server has refused: they stay in the field

  constructor({ desk, outbox }) {
    this.#desk = desk;
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#refused = null;
      this.#timer = setTimeout(() => this.#write(), PAUSE);
    });
    this.#field.addEventListener("blur", () => this.#write());
    addEventListener("pagehide", () => this.#write());
    desk.lesson.addEventListener("change", () => this.#show());
    outbox.addEventListener("refused", ({ detail }) => detail.writes.forEach((write) => this.#keep(write)));
    this.#show();
  }

  #write() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#desk.note(this.#page, this.#field.value);
  }

  #keep({ key, value }) {
    if (key !== `notes/${this.#page}` || !value || this.#timer !== null) return;
    this.#refused = this.#page;
    this.#field.value = value.text;
  }

  #show() {
    const { page } = this.#desk.lesson;
    if (page !== this.#page) {
      this.#write();
      this.#page = page;
    }
    this.#field.disabled = !page || this.#desk.ended;
    const number = this.#desk.lesson.number(page);
    text($("#notes-page"), number ? `page ${number}` : "");
    if (this.#timer !== null || (page && this.#refused === page)) return;
    const words = this.#desk.lesson.get(`notes/${page}`)?.text ?? "";
    if (this.#field.value !== words) this.#field.value = words;
  }
}
