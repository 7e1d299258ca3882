// The form for a poll. It keeps its words while pages turn and tabs change; nothing is written before a button is pressed.

import { $, el, text } from "../../helpers/dom.js";
import { letter } from "../../helpers/format.js";
import { FEWEST, LONGEST, MOST, blank, compose } from "../../models/pollbook.js";
import { icon } from "./icons.js";

export class PollForm {
  #done;
  #question;
  #options = el("ol", { class: "form-options" });
  #multiple;
  #add;
  #error = el("p", { class: "error", role: "alert" });

  // done(value, open) returns what is wrong, or "".
  constructor(poll, { done, cancel }) {
    this.#done = done;
    const { question, options, multiple, correct = [] } = poll ?? blank();
    this.#question = el("textarea", { id: "poll-question", rows: "2", maxlength: LONGEST, value: question });
    this.#multiple = el("input", { type: "checkbox", id: "poll-multiple" });
    this.#multiple.checked = multiple;
    this.#add = el("button", { type: "button", class: "plain", onclick: () => this.#append().focus() }, icon("plus"), "Add an option");
    this.root = el("form", { class: "poll-form", "aria-label": "Poll", onsubmit: (event) => this.#submit(event) },
      el("label", { for: "poll-question" }, "Question"), this.#question,
      el("p", { class: "form-head" }, el("span", {}, "Options"), el("span", { class: "quiet" }, "Correct")),
      this.#options, this.#add,
      el("label", { class: "check", for: "poll-multiple" }, this.#multiple, "Several answers allowed"),
      this.#error,
      el("p", { class: "row" },
        el("button", { class: "primary", value: "open" }, "Open now"), el("button", { value: "draft" }, "Save draft"),
        el("button", { type: "button", class: "plain", onclick: cancel }, "Cancel")));
    options.forEach((words, at) => this.#append(words, correct.includes(at)));
  }

  focus() {
    this.#question.focus();
  }

  #append(words = "", correct = false) {
    const field = el("input", { type: "text", maxlength: "200", value: words, onkeydown: (event) => this.#enter(event, item) });
    const check = el("input", { type: "checkbox", class: "form-correct" });
    check.checked = correct;
    const remove = el("button", { type: "button", class: "plain square", onclick: () => this.#remove(item) }, icon("close"));
    const item = el("li", {}, field, check, remove);
    this.#options.append(item);
    this.#number();
    return field;
  }

  // Enter goes to the next option, and makes one after the last: a poll is typed without the mouse.
  #enter(event, item) {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey) return;
    event.preventDefault();
    const next = item.nextElementSibling;
    if (next) $("input", next).focus();
    else if (this.#options.children.length < MOST) this.#append().focus();
  }

  #remove(item) {
    item.remove();
    this.#number();
  }

  #number() {
    const items = [...this.#options.children];
    items.forEach((item, at) => {
      const [field, check] = item.querySelectorAll("input");
      field.setAttribute("aria-label", `Option ${letter(at)}`);
      field.placeholder = `Option ${letter(at)}`;
      check.setAttribute("aria-label", `Option ${letter(at)} is correct`);
      const remove = $("button", item);
      remove.setAttribute("aria-label", `Remove option ${letter(at)}`);
      remove.disabled = items.length <= FEWEST;
    });
    this.#add.hidden = items.length >= MOST;
  }

  #submit(event) {
    event.preventDefault();
    const items = [...this.#options.children].map((item) => [...item.querySelectorAll("input")]);
    const value = compose({
      question: this.#question.value,
      options: items.map(([field]) => field.value),
      multiple: this.#multiple.checked,
      correct: items.flatMap(([, check], at) => (check.checked ? [at] : [])),
    });
    text(this.#error, this.#done(value, event.submitter?.value !== "draft"));
  }
}
