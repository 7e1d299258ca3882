// Uploads and decks on their way, and what went wrong with them, above the side panel: beside the slide, never over it.

import { $, el } from "../../helpers/dom.js";
import { icon } from "./icons.js";

export class Progress {
  #desk;
  #uploads;
  #root = $("#progress");
  #away; // ids of failed decks that the teacher has put away
  #remember;

  constructor({ code, desk, uploads, storage = sessionStorage }) {
    this.#desk = desk;
    this.#uploads = uploads;
    const key = `lectern/away/${code}`;
    this.#away = new Set((storage.getItem(key) ?? "").split(" "));
    this.#remember = () => storage.setItem(key, [...this.#away].join(" "));
    uploads.addEventListener("change", () => this.#show());
    desk.lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      if (reset || [...keys].some((name) => name.startsWith("deck/"))) this.#show();
    });
  }

  #show() {
    const cards = [...this.#uploads.all.map((one) => this.#upload(one)), ...this.#desk.decks.map(([id, deck]) => this.#deck(id, deck))];
    this.#root.replaceChildren(...cards.filter(Boolean));
  }

  #upload({ id, name, share, error, again }) {
    const remove = close(error ? "Put away" : "Stop the upload", () => this.#uploads.remove(id));
    if (!error) return card(name, share < 1 ? `Uploading, ${percent(share)}` : "Uploaded, waiting for the server", share, remove);
    const retry = again && el("button", { type: "button", onclick: () => this.#uploads.retry(id) }, "Try again");
    return fault(name, error, remove, retry);
  }

  #deck(id, { name, status, pages, done = 0, error }) {
    if (status === "rendering") {
      return card(name, pages ? `Preparing page ${Math.min(pages, done + 1)} of ${pages}` : "Reading the PDF", pages ? done / pages : null);
    }
    if (status !== "failed" || this.#away.has(id)) return null;
    return fault(name, error ?? "This PDF could not be read.", close("Put away", () => {
      this.#away.add(id);
      this.#remember();
      this.#show();
    }));
  }
}

function card(name, words, share, remove = null) {
  const bar = el("progress", { max: "1", value: null, "aria-label": `${name}: ${words}` });
  if (share !== null) bar.value = share;
  return el("div", { class: "card" }, el("p", { class: "card-title" }, name), el("p", { class: "quiet" }, words), bar, remove);
}

function fault(name, error, remove, retry = null) {
  return el("div", { class: "card card-fault", role: "alert" }, el("p", { class: "card-title" }, name), el("p", {}, error), retry, remove);
}

function close(words, onclick) {
  return el("button", { class: "plain square card-close", type: "button", "aria-label": words, title: words, onclick }, icon("close"));
}

const percent = (share) => `${Math.round(share * 100)} %`;
