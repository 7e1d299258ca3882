// The pages as thumbnails, the current one marked. Between any two: a place to insert a blank page.
//
// Only the current page's buttons are in the tab order (a deck has hundreds); the keys that turn pages move it. Nodes are kept by
// page, so that a new order or a deck still rendering does not load every picture again.

import { $, el, text } from "../../helpers/dom.js";
import { image, parse } from "../../models/pages.js";
import { thumbnail } from "../thumbnail.js";
import { icon } from "./icons.js";
import { StripDrag } from "./stripdrag.js";

const WIDTH = 112; // CSS pixels of a thumbnail

export class Strip {
  #desk;
  #root = $("#strip");
  #items = new Map(); // page -> {node, face, go, more, insert, number, url}
  #front; // the place before the first page
  #shown = "";
  #current = null;
  #menu;

  constructor({ desk, menu }) {
    this.#desk = desk;
    this.#menu = menu;
    this.#front = this.#inserter(null);
    new StripDrag(this.#root, { order: () => desk.lesson.order, move: (page, place) => desk.move(page, place) });
    desk.lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      const decks = reset || [...keys].some((key) => key.startsWith("deck/"));
      if (decks || keys.has("pages")) this.#arrange();
      if (decks) this.#pictures();
      if (reset || keys.has("slide") || keys.has("pages")) this.#mark();
    });
  }

  #arrange() {
    const { order } = this.#desk.lesson;
    if (order.join() === this.#shown) return;
    this.#shown = order.join();
    for (const page of [...this.#items.keys()]) if (!order.includes(page)) this.#items.delete(page);
    for (const page of order) if (!this.#items.has(page)) this.#items.set(page, this.#item(page));
    const { scrollLeft } = this.#root;
    const focused = document.activeElement;
    const nodes = order.flatMap((page) => [this.#items.get(page).node, this.#items.get(page).insert]);
    this.#root.replaceChildren(...(order.length ? [this.#front, ...nodes] : []));
    this.#root.scrollLeft = scrollLeft;
    if (this.#root.contains(focused)) focused.focus({ preventScroll: true });
    order.forEach((page, at) => this.#name(page, at + 1));
  }

  #item(page) {
    const number = el("span", { class: "page-number" });
    const face = el("span", { class: "page-face" }, this.#face(page));
    const go = el("button", { class: "page-go plain", type: "button", onclick: () => this.#desk.go(page) }, face, number);
    const more = el("button", { class: "page-more plain", type: "button", onclick: () => this.#menu(page, more) }, icon("more"));
    const node = el("div", { class: "page", draggable: "true", dataset: { page } }, go, more);
    return { node, face, go, more, number, insert: this.#inserter(page), url: this.#url(page) };
  }

  #inserter(page) {
    const insert = () => this.#desk.insertBlank(page);
    return el("button", { class: "page-insert plain", type: "button", tabindex: "-1", onclick: insert }, icon("plus"));
  }

  #face(page) {
    const { blank } = parse(page);
    return blank === undefined ? thumbnail(this.#desk.lesson, page, WIDTH) : [thumbnail(this.#desk.lesson, page, WIDTH), el("span", { class: "page-blank" }, "Blank")];
  }

  #url(page) {
    return image(this.#desk.lesson, page, WIDTH);
  }

  #name(page, n) {
    const { go, more, insert, number } = this.#items.get(page);
    text(number, String(n));
    go.setAttribute("aria-label", `Page ${n}`);
    more.setAttribute("aria-label", `Page ${n}: move, skip, insert`);
    more.title = "Move, skip, insert";
    label(insert, `Insert a blank page after page ${n}`);
    label(this.#front, "Insert a blank page before the first");
  }

  #pictures() {
    for (const [page, item] of this.#items) {
      const url = this.#url(page);
      if (url === item.url && item.sized) continue;
      Object.assign(item, { url, sized: true });
      item.face.replaceChildren(...[this.#face(page)].flat());
    }
  }

  #mark() {
    const { page } = this.#desk.lesson;
    for (const [other, { go, more, insert }] of this.#items) {
      const here = other === page;
      if (here) go.setAttribute("aria-current", "true");
      else go.removeAttribute("aria-current");
      for (const button of [go, more, insert]) button.tabIndex = here ? 0 : -1;
    }
    if (page === this.#current) return;
    this.#current = page;
    this.#reveal(page);
  }

  #reveal(page) {
    const node = this.#items.get(page)?.node;
    if (!node) return;
    this.#root.scrollTo({ left: node.offsetLeft - (this.#root.clientWidth - node.offsetWidth) / 2 });
    if (document.activeElement?.matches?.(".page-go")) this.#items.get(page).go.focus({ preventScroll: true });
  }
}

function label(button, words) {
  button.setAttribute("aria-label", words);
  button.title = words;
}
