// One poll as a form: options as large radio buttons or boxes, one button, one line that says what is so.
// The same rows hold the results, so that nothing moves when they come. What a finger has chosen but not
// sent yet stays chosen, whatever arrives.

import { el, text } from "../helpers/dom.js";
import { letter } from "../helpers/format.js";
import { results } from "../models/polls.js";

const TROUBLE = {
  retrying: "Not sent yet: no answer from the server. Trying again…",
  closed: "The poll closed before your vote was confirmed.",
  over: "The lesson ended before your vote was confirmed.",
  full: "This poll cannot count more voters. Your vote was not counted.",
  gone: "This poll is no longer there. Your vote was not counted.",
  stranger: "The server does not know this browser any more. Load the page again, then vote.",
  refused: "The server did not accept this vote. Load the page again, then vote.",
};

export class BallotView {
  #nodes;
  #lesson;
  #ballots;
  #poll = null;
  #rows = [];
  #built = "";

  // nodes: {form, question, hint, options, receipt, button}
  constructor(nodes, { lesson, ballots }) {
    this.#nodes = nodes;
    this.#lesson = lesson;
    this.#ballots = ballots;
    nodes.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#canVote()) ballots.vote(this.#poll.id, this.#chosen());
    });
    nodes.options.addEventListener("change", () => this.#state());
  }

  // Somebody has made a choice here that has not been sent.
  get unsent() {
    return this.#poll !== null && this.#poll.status === "open" && this.#differs();
  }

  show(poll) {
    this.#poll = poll;
    const form = JSON.stringify([poll.id, poll.options, poll.multiple]);
    if (form !== this.#built) this.#build(form);
    text(this.#nodes.question, poll.question);
    this.#results();
    this.#state();
  }

  #build(form) {
    this.#built = form;
    const { id, options, multiple } = this.#poll;
    const { wanted, receipt } = this.#ballots.get(id);
    const chosen = new Set(wanted || receipt || []);
    this.#rows = options.map((words, i) => row(words, i, multiple, chosen.has(i)));
    this.#nodes.options.setAttribute("role", multiple ? "group" : "radiogroup");
    this.#nodes.options.replaceChildren(...this.#rows.map(({ node }) => node));
  }

  #results() {
    const all = results(this.#lesson, this.#poll);
    text(this.#nodes.hint, all ? key(this.#lesson, this.#poll) : this.#poll.multiple ? "Choose any number." : "Choose one.");
    this.#rows.forEach(({ node, bar, share, count, mark }, i) => {
      const row = all ? all[i] : { count: 0, share: 0, correct: false };
      node.classList.toggle("correct", row.correct);
      bar.style.transform = `scaleX(${row.share})`;
      text(mark, row.correct ? "Correct: " : "");
      text(share, all ? `${Math.round(row.share * 100)}%` : "");
      text(count, all ? votes(row.count) : "");
    });
  }

  #state() {
    const { button, receipt } = this.#nodes;
    const ballot = this.#ballots.get(this.#poll.id);
    const open = this.#poll.status === "open";
    for (const { input } of this.#rows) input.disabled = !open;
    button.disabled = !this.#canVote();
    text(button, caption(open, ballot, this.#differs()));
    text(receipt, said(ballot, open));
    receipt.classList.toggle("error", ballot.trouble !== null);
    for (const [i, { node }] of this.#rows.entries()) {
      node.classList.toggle("mine", (ballot.receipt || []).includes(i));
    }
  }

  #canVote() {
    const { wanted, trouble } = this.#ballots.get(this.#poll.id);
    const impatient = wanted && trouble === "retrying";
    return this.#poll.status === "open" && this.#chosen().length > 0 && (this.#differs() || impatient);
  }

  #differs() {
    const { wanted, receipt } = this.#ballots.get(this.#poll.id);
    return String(this.#chosen()) !== String(wanted || receipt || []);
  }

  #chosen() {
    return this.#rows.flatMap(({ input }, i) => (input.checked ? [i] : []));
  }
}

function row(words, i, multiple, checked) {
  const input = el("input", { type: multiple ? "checkbox" : "radio", name: "choice", value: String(i) });
  input.checked = checked;
  const bar = el("span", { class: "option-bar", "aria-hidden": "true" });
  const [mark, share, count] = ["visually-hidden", "option-share", "option-count"].map((name) => el("span", { class: name }));
  const figure = el("span", { class: "option-figure" }, mark, share, count);
  const label = el("span", { class: "option-letter" }, letter(i));
  const node = el("label", { class: "option" }, bar, input, label, el("span", { class: "option-words" }, words), figure);
  return { node, input, bar, mark, share, count };
}

function key(lesson, { id, correct }) {
  const { voters } = lesson.get(`tally/${id}`);
  return `${voters === 1 ? "1 person" : `${voters} people`} voted.${correct && correct.length ? " ✓ marks what is correct." : ""}`;
}

function votes(n) {
  return n === 1 ? "1 vote" : `${n} votes`;
}

function caption(open, { wanted, trouble, receipt }, differs) {
  if (!open) return "Closed";
  if (wanted && !differs) return trouble === "retrying" ? "Try now" : "Sending…";
  if (!receipt) return "Vote";
  return differs ? "Change vote" : "Voted";
}

function said({ receipt, wanted, trouble }, open) {
  const mine = receipt && `Your vote: ${receipt.map(letter).join(", ")}`;
  if (trouble === "retrying" && mine) return `${mine}. The change is not sent yet. Trying again…`;
  if (trouble) return mine ? `${TROUBLE[trouble]} ${mine}.` : TROUBLE[trouble];
  if (mine) return mine;
  if (wanted) return "";
  return open ? "" : "You did not vote.";
}
