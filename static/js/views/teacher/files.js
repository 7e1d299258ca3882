// The tab of slides: choose a PDF, or drop one anywhere; the lesson's decks; the pages that are skipped.

import { $, el } from "../../helpers/dom.js";
import { parse } from "../../models/pages.js";
import { thumbnail } from "../thumbnail.js";
import { icon } from "./icons.js";

export class Files {
  #desk;
  #uploads;
  #root = $("#tab-files");
  #decks = el("ul", { class: "decks" });
  #skipped = el("div", { class: "skipped" });

  constructor({ desk, uploads }) {
    this.#desk = desk;
    this.#uploads = uploads;
    const choose = () => $("#file").click();
    this.#root.append(
      el("button", { class: "primary wide", type: "button", onclick: choose }, icon("upload"), "Add a PDF"),
      el("p", { class: "quiet hint" }, "Or drop it anywhere in this window. Its pages come after the last one."),
      this.#decks, this.#skipped,
    );
    $("#empty-choose").addEventListener("click", choose);
    $("#file").addEventListener("change", ({ target }) => {
      this.#add(target.files);
      target.value = "";
    });
    this.#listen();
    desk.lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      if (reset || keys.has("pages") || [...keys].some((key) => key.startsWith("deck/"))) this.#show();
    });
    this.#show();
  }

  #listen() {
    const files = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      $("#drop").hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) $("#drop").hidden = true;
    });
    addEventListener("drop", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      $("#drop").hidden = true;
      this.#add(event.dataTransfer.files);
    });
  }

  #add(files) {
    if (this.#desk.ended) return;
    for (const file of files) this.#uploads.add(file);
  }

  #show() {
    const { decks, skipped } = this.#desk;
    this.#decks.replaceChildren(...decks.map(([, deck]) => el("li", {},
      el("span", { class: "deck-name" }, deck.name), el("span", { class: "quiet" }, stateOf(deck)))));
    this.#skipped.replaceChildren();
    if (!skipped.length) return;
    this.#skipped.append(
      el("h2", { class: "small-title" }, skipped.length === 1 ? "1 skipped page" : `${skipped.length} skipped pages`),
      el("ul", { class: "skipped-pages" }, skipped.map((page) => this.#page(page))),
    );
  }

  #page(page) {
    const { deck, number } = parse(page);
    const name = this.#desk.lesson.get(`deck/${deck}`).name;
    return el("li", {}, thumbnail(this.#desk.lesson, page, 72), el("span", {}, `${name}, ${number}`),
      el("button", { type: "button", "aria-label": `Put page ${number} of ${name} back`, onclick: () => this.#desk.restore(page) }, "Put back"));
  }
}

function stateOf({ status, pages, done, error }) {
  if (status === "ready") return pages === 1 ? "1 page" : `${pages} pages`;
  if (status === "failed") return error ?? "Failed";
  return pages ? `${done ?? 0} of ${pages} pages ready` : "Reading";
}
