// The teacher's desk: everything a teacher does to the lesson, in verbs. Each verb is one group of writes: it shows at once
// in the replica, through the mirror, and goes out through the outbox.

import { insertAfter, move, moveBefore, neighbour, nextBlank, restore, skipped, without } from "../helpers/order.js";
import { register } from "../helpers/strokes.js";
import { History } from "./history.js";
import { strokes } from "./ink.js";
import { PageOrder } from "./pageorder.js";

export class Desk {
  #lesson;
  #mirror;
  #outbox;
  #pages;

  constructor({ lesson, mirror, outbox }) {
    this.#lesson = lesson;
    this.#mirror = mirror;
    this.#outbox = outbox;
    this.#pages = new PageOrder({ lesson, said: mirror.said });
    this.history = new History();
    mirror.write(outbox.entries); // what an earlier panel left waiting
    outbox.addEventListener("sent", ({ detail }) => this.#sent(detail.writes));
    outbox.addEventListener("renewed", ({ detail }) => mirror.write(detail.writes));
    outbox.addEventListener("refused", ({ detail }) => this.#refused(detail.writes));
  }

  get lesson() {
    return this.#lesson;
  }

  // After the end a teacher may still leaf through, for himself.
  get ended() {
    return this.#outbox.state === "ended";
  }

  // A stroke would be refused at the moment.
  get full() {
    return this.#outbox.full;
  }

  write(...pairs) {
    if (this.ended) return pairs.every(([key]) => key === "slide") && this.#lesson.apply({ writes: pairs });
    return this.#mirror.write(this.#outbox.put(pairs));
  }

  go(page) {
    const turn = page && page !== this.#lesson.page ? [["slide", { page }]] : [];
    this.#writeAll([...turn, ...this.#lit()]);
  }

  step(by) {
    this.go(neighbour(this.#lesson.order, this.#lesson.page, by));
  }

  first() {
    this.go(this.#lesson.order[0]);
  }

  last() {
    this.go(this.#lesson.order.at(-1));
  }

  // Pressed again, it goes back to the slide.
  screen(mode) {
    this.write(["screen", { mode: this.#lesson.screen === mode ? "slide" : mode }]);
  }

  note(page, text) {
    this.write([`notes/${page}`, text ? { text } : null]);
  }

  point(page, spot) {
    this.write(["pointer", spot && { page, x: Math.round(spot[0]), y: Math.round(spot[1]) }]);
  }

  // Pages

  // [[id, deck], ...] as their pages come in the lesson; those without a page in the order come last.
  get decks() {
    const { order } = this.#lesson;
    const place = (id) => order.findIndex((page) => page.startsWith(`${id}-`)) >>> 0;
    const found = this.#lesson.below("deck/").map(([key, deck]) => [key.slice("deck/".length), deck]);
    return found.sort(([a], [b]) => place(a) - place(b));
  }

  insertBlank(after = this.#lesson.page) {
    const inked = this.#lesson.below("ink/blank-").map(([key]) => key.split("/")[1]);
    const page = nextBlank([...this.#lesson.order, ...inked, this.#lesson.page ?? ""]);
    const insert = (order) => (order.includes(page) ? order : insertAfter(order, after, page));
    this.write(this.#pages.write(insert), ["slide", { page }], ...this.#lit());
    return page;
  }

  move(page, place) {
    const { order } = this.#lesson;
    if (move(order, page, place).join() === order.join()) return;
    const next = order.slice(place).find((other) => other !== page);
    this.write(this.#pages.write((others) => moveBefore(others, page, next)));
  }

  // A page that is shown at the moment gives way to its neighbour.
  skip(page) {
    const { order } = this.#lesson;
    const next = neighbour(order, page, 1) ?? neighbour(order, page, -1);
    if (!next) return;
    const turn = page === this.#lesson.page ? [["slide", { page: next }]] : [];
    this.write(this.#pages.write((others) => without(others, page)), ...turn);
  }

  restore(page) {
    this.write(this.#pages.write((order) => (order.includes(page) ? order : restore(order, page))));
  }

  get skipped() {
    const ready = this.decks.filter(([, { status }]) => status === "ready");
    return skipped(this.#lesson.order, ready.map(([id, { pages }]) => [id, pages]));
  }

  // Ink. A stroke is recorded once it is whole.

  get inked() {
    return this.#lesson.below(`ink/${this.#lesson.page}/`).length > 0;
  }

  drawn(page, writes) {
    this.write(...writes);
    this.history.record(page, { added: [writes[0]] });
  }

  erase(page, strokes) {
    const writes = strokes.flatMap(({ id, pieces }) => {
      const key = `ink/${page}/${id}`;
      return pieces ? [[key, null], [`${key}/`, null]] : [[key, null]];
    });
    if (writes.length) this.write(...writes);
  }

  clear(page = this.#lesson.page) {
    const removed = this.#strokes(page);
    if (!removed.length) return;
    this.history.record(page, { removed, cleared: true });
    this.write([`ink/${page}/`, null]);
  }

  undo(page = this.#lesson.page) {
    this.#writeAll(this.#missing(this.history.undo(page)));
  }

  redo(page = this.#lesson.page) {
    this.#writeAll(this.#missing(this.history.redo(page, this.#strokes(page))));
  }

  #refused(writes) {
    this.#mirror.undo(writes);
    const strokes = writes.filter(({ key, value }) => value !== null && key.startsWith("ink/")).map(({ key }) => key);
    for (const page of new Set(strokes.map((key) => key.split("/")[1]))) this.history.refused(page, new Set(strokes));
  }

  // A stroke that is there again already, by another panel's hand, may be longer by now: it is left alone.
  #missing(writes) {
    return writes.filter(([key, value]) => value === null || !this.#lesson.get(key));
  }

  #strokes(page) {
    return strokes(this.#lesson, page).map((stroke) => register(page, stroke));
  }

  #sent(writes) {
    this.#mirror.settle(writes);
    if (writes.some(({ key }) => key === "pages") && !this.#outbox.entries.some(({ key }) => key === "pages")) this.#pages.settled();
  }

  #writeAll(writes) {
    if (writes.length) this.write(...writes);
  }

  // Turning a page lights a blacked-out screen: whoever turns wants the page seen.
  #lit() {
    return this.#lesson.screen === "slide" ? [] : [["screen", { mode: "slide" }]];
  }
}
