// Polls on the projector: while one is open, a strip with its question and where to vote; once its results
// are revealed, a board with bars. A closed poll leaves when the lesson turns the page, and can be called
// back by hand. What has left stays away when the window is loaded again; a projector that comes late shows
// the newest results until the page is turned, since they may be what everybody is talking about.

import { $, el, text } from "../helpers/dom.js";
import { letter } from "../helpers/format.js";
import { foremost, results, shown } from "../models/polls.js";

export class Board {
  #lesson;
  #button;
  #page = null;
  #left; // closed polls that are off the wall
  #memory;
  #joined = false;
  #bars = [];
  #built = "";

  // code: the lesson's, under which this window remembers.
  constructor(lesson, code, button) {
    this.#lesson = lesson;
    this.#memory = `lectern:${code}:left`;
    const { page = null, left = [] } = remembered(this.#memory);
    this.#page = page;
    this.#left = new Set(left);
    this.#button = button;
    button.addEventListener("click", () => this.toggle());
    lesson.addEventListener("change", () => this.#change());
  }

  // Whether a poll takes the place in which the code would be.
  get asking() {
    return !$("#strip").hidden;
  }

  toggle() {
    const poll = foremost(shown(this.#lesson));
    if (!poll) return;
    if (this.#left.has(poll.id)) this.#left.delete(poll.id);
    else this.#left.add(poll.id);
    this.#keep();
    this.#render();
  }

  #change() {
    const polls = shown(this.#lesson);
    const turned = (this.#joined || this.#page !== null) && this.#lesson.page !== this.#page;
    this.#page = this.#lesson.page;
    for (const { id, status, reveal } of polls) {
      // What closes stays until the page is turned, also while this window was loading; what was closed without
      // results before it came is over.
      if (status === "closed" && (turned || (!this.#joined && !reveal))) this.#left.add(id);
      else if (status === "open" && turned) this.#left.delete(id);
    }
    this.#joined = true;
    this.#keep();
    this.#render();
  }

  #keep() {
    try {
      sessionStorage.setItem(this.#memory, JSON.stringify({ page: this.#page, left: [...this.#left] }));
    } catch {
      // A reload forgets; nothing else changes.
    }
  }

  #render() {
    const poll = foremost(shown(this.#lesson));
    const on = poll !== null && !this.#left.has(poll.id);
    const all = on ? results(this.#lesson, poll) : null;
    $("#strip").hidden = !(on && !all && poll.status === "open");
    $("#board").hidden = !all;
    this.#button.hidden = !poll;
    this.#button.setAttribute("aria-pressed", String(on));
    if (!on) return;
    text($("#strip-question"), poll.question);
    text($("#board-question"), poll.question);
    if (all) this.#draw(poll, all);
  }

  #draw(poll, all) {
    const form = JSON.stringify([poll.id, poll.options]);
    if (form !== this.#built) {
      this.#built = form;
      this.#bars = poll.options.map(bar);
      $("#bars").replaceChildren(...this.#bars.map(({ node }) => node));
    }
    const { voters } = this.#lesson.get(`tally/${poll.id}`);
    text($("#board-count"), `${voters} ${voters === 1 ? "vote" : "votes"}${poll.status === "open" ? " so far" : ""}`);
    this.#bars.forEach(({ node, fill, share }, i) => {
      node.classList.toggle("correct", all[i].correct);
      fill.style.transform = `scaleX(${all[i].share})`;
      text(share, `${all[i].correct ? "✓ " : ""}${Math.round(all[i].share * 100)}%`);
    });
  }
}

function remembered(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) || "{}");
  } catch {
    return {}; // where storage is refused, a reload forgets
  }
}

function bar(words, i) {
  const [fill, share] = [el("span", { class: "bar-fill" }), el("span", { class: "bar-share" })];
  const node = el(
    "li",
    {},
    el("b", {}, letter(i)),
    el("span", { class: "bar-words" }, words),
    share,
    el("span", { class: "bar-track", "aria-hidden": "true" }, fill),
  );
  return { node, fill, share };
}
