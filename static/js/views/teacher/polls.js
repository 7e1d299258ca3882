// The tab of polls: all of the lesson's, newest first, whatever slide is on show; and the form for a new one or a draft.

import { $, el, text } from "../../helpers/dom.js";
import { all, fault, opened, pollId } from "../../models/pollbook.js";
import { confirm } from "./dialogs.js";
import { icon } from "./icons.js";
import { PollCard } from "./pollcard.js";
import { PollForm } from "./pollform.js";

export class Polls {
  #desk;
  #root = $("#tab-polls");
  #list = el("div", { class: "poll-list" });
  #cards = new Map();
  #add;
  #csv;
  #nothing = el("p", { class: "quiet hint" }, "Ask the room a question. Votes come in live; students see the result when you reveal it.");
  #form = null;

  constructor({ code, desk, outbox }) {
    this.#desk = desk;
    this.#add = el("button", { class: "primary wide", type: "button", onclick: () => this.edit() }, icon("plus"), "New poll");
    const href = `/api/lessons/${code}/polls.csv`;
    this.#csv = el("a", { class: "button plain", href, download: `polls-${code}.csv` }, icon("download"), "Results as CSV");
    this.#root.append(this.#add, this.#nothing, this.#list, this.#csv);
    desk.lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      if (reset || [...keys].some((key) => /^(poll|tally)\//.test(key))) this.#show();
    });
    outbox.addEventListener("refused", ({ detail }) => detail.writes.forEach((write) => this.#refused(write)));
    this.#show();
  }

  edit(id = null, poll = id && this.#desk.lesson.get(`poll/${id}`)) {
    this.#form?.root.remove();
    this.#form = new PollForm(poll, { done: (value, open) => this.#done(id ?? pollId(), value, open), cancel: () => this.#close() });
    this.#root.prepend(this.#form.root);
    this.#root.dataset.editing = "true";
    this.#form.focus();
  }

  #done(id, value, open) {
    const problem = fault(value);
    if (problem) return problem;
    this.#desk.write([`poll/${id}`, open ? opened(value) : value]);
    this.#close();
    return "";
  }

  // A new poll that the server has refused: its words go back into the form.
  #refused({ key, value }) {
    const [family, id] = key.split("/");
    if (family === "poll" && value && !this.#form && !this.#desk.lesson.get(key)) this.edit(id, value);
  }

  #close() {
    this.#form?.root.remove();
    this.#form = null;
    delete this.#root.dataset.editing;
  }

  async #remove(id) {
    const { question } = this.#desk.lesson.get(`poll/${id}`);
    const yes = await confirm({ title: "Delete this poll?", text: `“${question}” and its votes go for everybody.`, yes: "Delete" });
    if (yes) this.#desk.write([`poll/${id}`, null]);
  }

  #show() {
    const polls = all(this.#desk.lesson);
    const ids = polls.map(({ id }) => id);
    const changed = ids.join() !== [...this.#cards.keys()].join();
    const cards = new Map(ids.map((id) => [id, this.#cards.get(id) ?? this.#card(id)]));
    this.#cards = cards;
    if (changed) this.#list.replaceChildren(...[...cards.values()].map(({ root }) => root));
    for (const { id, poll, tally } of polls) cards.get(id).show(poll, tally);
    this.#nothing.hidden = polls.length > 0;
    this.#csv.hidden = polls.length === 0;
    const open = polls.filter(({ poll }) => poll.status === "open");
    $("#polls-badge").hidden = !open.length;
    text($("#polls-badge"), String(open.reduce((sum, { tally }) => sum + tally.voters, 0)));
  }

  #card(id) {
    return new PollCard({
      write: (poll) => this.#desk.write([`poll/${id}`, poll]),
      edit: () => this.edit(id),
      remove: () => this.#remove(id),
    });
  }
}
