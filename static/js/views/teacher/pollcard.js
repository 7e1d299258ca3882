// One poll of the list: its results, and what can be done with it now. Updated in place, so that votes that come in do not
// take the focus from a button.

import { el, text } from "../../helpers/dom.js";
import { letter } from "../../helpers/format.js";
import { closed, fault, marked, opened, revealed, rows } from "../../models/pollbook.js";
import { icon } from "./icons.js";

const STATUS = { draft: "Draft", open: "Open", closed: "Closed" };

export class PollCard {
  #poll = null;
  #rows = [];
  #write;
  #status = el("span", { class: "poll-status" });
  #voters = el("span", { class: "quiet" });
  #question = el("h3", { class: "poll-question" });
  #options = el("ol", { class: "poll-options" });
  #error = el("p", { class: "error", role: "alert" });
  #buttons;

  constructor({ write, edit, remove }) {
    this.#write = write;
    const make = (words, onclick, kind = "") => el("button", { type: "button", class: kind, onclick }, words);
    this.#buttons = {
      open: make("Open", () => this.#open(), "primary"),
      close: make("Close voting", () => write(closed(this.#poll)), "primary"),
      reveal: make("Reveal", () => write(revealed(this.#poll, !this.#poll.reveal))),
      again: make("Open again", () => write(opened(this.#poll))),
      edit: make("Edit", edit),
    };
    const away = el("button", { type: "button", class: "plain square", "aria-label": "Delete this poll", title: "Delete", onclick: remove }, icon("clear"));
    this.root = el("article", { class: "poll" },
      el("div", { class: "poll-head" }, this.#status, this.#voters, away), this.#question, this.#options, this.#error,
      el("div", { class: "poll-buttons" }, Object.values(this.#buttons)));
  }

  show(poll, tally) {
    this.#poll = poll;
    this.root.dataset.status = poll.status;
    text(this.#status, poll.status !== "draft" && poll.reveal ? `${STATUS[poll.status]}, revealed` : STATUS[poll.status]);
    text(this.#voters, poll.status === "draft" ? "" : tally.voters === 1 ? "1 vote" : `${tally.voters} votes`);
    text(this.#question, poll.question);
    this.#fill(rows(poll, tally), poll.status === "draft");
    this.#offer(poll);
    text(this.#error, "");
  }

  #offer({ status, reveal }) {
    const { open, close, reveal: revealer, again, edit } = this.#buttons;
    open.hidden = edit.hidden = status !== "draft";
    close.hidden = status !== "open";
    again.hidden = status !== "closed";
    revealer.hidden = status === "draft";
    revealer.classList.toggle("primary", status === "closed" && !reveal);
    text(revealer, reveal ? "Hide results" : "Reveal results");
  }

  #open() {
    const problem = fault(this.#poll);
    if (problem) text(this.#error, problem);
    else this.#write(opened(this.#poll));
  }

  #fill(options, draft) {
    if (options.length !== this.#rows.length) {
      this.#rows = options.map((_, at) => this.#row(at));
      this.#options.replaceChildren(...this.#rows.map(({ node }) => node));
    }
    options.forEach((option, at) => showRow(this.#rows[at], option, draft));
  }

  #row(at) {
    const words = el("span", { class: "poll-text" });
    const count = el("span", { class: "poll-count" });
    const bar = el("span", { class: "poll-bar" });
    const mark = el("button", { type: "button", class: "plain poll-mark", onclick: () => this.#write(marked(this.#poll, at)) }, icon("check"));
    const node = el("li", {}, el("span", { class: "poll-letter" }, letter(at)), words, mark, el("span", { class: "poll-track" }, bar), count);
    return { node, words, count, bar, mark };
  }
}

function showRow({ node, words, count, bar, mark }, option, draft) {
  text(words, option.text);
  text(count, draft ? "" : `${option.count} · ${Math.round(option.share * 100)} %`);
  bar.style.width = `${option.share * 100}%`;
  node.classList.toggle("correct", option.correct);
  mark.setAttribute("aria-pressed", String(option.correct));
  const name = option.correct ? `“${option.text}” is correct` : `Mark “${option.text}” as correct`;
  mark.setAttribute("aria-label", name);
  mark.title = option.correct ? "Correct" : "Mark as correct";
}
