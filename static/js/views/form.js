// A form with one line of help that turns into the error, in place, and into help again at the next key.

import { text } from "../helpers/dom.js";

export class Form {
  #form;
  #help;
  #words;
  #button;

  constructor(form, help, submit) {
    this.#form = form;
    this.#help = help;
    this.#words = help.textContent;
    this.#button = form.querySelector("button:not([type=button])");
    form.addEventListener("input", () => this.#say(this.#words, null));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (this.#button.disabled) return;
      this.#button.disabled = true;
      try {
        await submit();
      } finally {
        this.#button.disabled = false;
      }
    });
  }

  // Says what is wrong and puts the cursor where it can be put right.
  refuse(input, words) {
    this.#say(words, input);
    input.focus();
    if (input.select) input.select();
  }

  #say(words, wrong) {
    text(this.#help, words);
    this.#help.classList.toggle("error", wrong !== null);
    for (const input of this.#form.querySelectorAll("input")) {
      if (input === wrong) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
}
