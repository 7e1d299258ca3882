// The sheet that holds the polls: which one is on show, when it opens by itself, and how to come back to it.
//
// It opens by itself when a poll opens, unless a choice made on another open poll is not sent yet; it closes
// only by hand. Results stay reachable through the button in the bar for as long as the lesson lasts.

import { text } from "../helpers/dom.js";
import { foremost, shown } from "../models/polls.js";
import { BallotView } from "./ballot.js";

export class PollSheet {
  #nodes;
  #lesson;
  #announcer;
  #view;
  #known = new Map(); // poll -> what was last said of it
  #current = null;
  #joined = false;

  // nodes: those of BallotView, and {sheet, state, pager, before, after, place, hide, opener}
  constructor(nodes, { lesson, ballots, announcer }) {
    this.#nodes = nodes;
    this.#lesson = lesson;
    this.#announcer = announcer;
    this.#view = new BallotView(nodes, { lesson, ballots });
    nodes.hide.addEventListener("click", () => this.#open(false));
    nodes.opener.addEventListener("click", () => this.#open(nodes.sheet.hidden, true));
    nodes.before.addEventListener("click", () => this.#step(-1));
    nodes.after.addEventListener("click", () => this.#step(1));
    ballots.addEventListener("change", () => this.#render());
    lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      if (reset || [...keys].some((key) => /^(poll|tally)\//.test(key))) this.#changed();
    });
  }

  #changed() {
    const polls = shown(this.#lesson);
    for (const poll of polls) this.#notice(poll);
    this.#joined = true;
    if (!polls.some(({ id }) => id === this.#current)) this.#pick(foremost(polls));
    this.#render();
  }

  #notice({ id, question, status, reveal }) {
    const now = `${status}${reveal ? " revealed" : ""}`;
    const before = this.#known.get(id);
    if (before === now) return;
    this.#known.set(id, now);
    const opened = status === "open" && !(before || "").startsWith("open");
    if (opened && !this.#view.unsent) {
      this.#current = id;
      this.#open(true);
    }
    if (opened) this.#announcer.say(`Poll: ${question}`);
    else if (this.#joined && reveal && !(before || "").endsWith("revealed")) this.#reveal(question);
    else if (this.#joined && status === "closed" && (before || "").startsWith("open")) this.#announcer.say("The poll is closed.");
  }

  #reveal(question) {
    this.#announcer.say(`Results are shown for the poll: ${question}`);
    this.#nodes.opener.classList.toggle("news", this.#nodes.sheet.hidden);
  }

  #pick(poll) {
    this.#current = poll && poll.id;
    if (!poll) this.#open(false);
  }

  #step(by) {
    const polls = shown(this.#lesson);
    const at = polls.findIndex(({ id }) => id === this.#current) + by;
    if (polls[at]) this.#current = polls[at].id;
    this.#render();
  }

  #open(open, byHand = false) {
    const { sheet, opener } = this.#nodes;
    sheet.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) opener.classList.remove("news");
    if (open && byHand) sheet.focus();
    if (!open && document.activeElement === document.body) opener.focus();
    this.#render();
  }

  #render() {
    const polls = shown(this.#lesson);
    const at = polls.findIndex(({ id }) => id === this.#current);
    const { state, pager, before, after, place, opener } = this.#nodes;
    opener.disabled = !polls.length;
    if (at < 0) return;
    const poll = polls[at];
    text(state, poll.reveal ? "Results" : poll.status === "open" ? "Poll" : "Poll closed");
    pager.hidden = polls.length < 2;
    text(place, `${at + 1} of ${polls.length}`);
    before.disabled = at === 0;
    after.disabled = at === polls.length - 1;
    this.#view.show(poll);
  }
}
