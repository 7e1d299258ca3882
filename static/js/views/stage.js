// A page with its ink and laser, letterboxed in a host element and kept in step with the lesson.
//
// The stage shows the page it is told to and knows nothing of "live". Ink changes pages together with the
// picture, never before it. Pictures of the two pages after the one on show are fetched at a random moment,
// so that a page turn does not make every phone of a lecture ask at once.

import { el, text } from "../helpers/dom.js";
import { image, parse, size } from "../models/pages.js";
import { InkLayer } from "./inklayer.js";
import { Picture } from "./picture.js";

const LASER_FADES = 3_000;
const PREFETCH = [500, 4_000];
const AHEAD = 2;
const DENSITY = 2; // canvas pixels for a CSS pixel, at most

export class Stage {
  #host;
  #lesson;
  #prefetches;
  #page = null; // what it was told to show
  #inked = null; // the page whose ink is drawn
  #zoom = 1;
  #box = [0, 0];
  #picture;
  #ink;
  #laser = el("div", { class: "stage-laser", hidden: true });
  #note = el("p", { class: "stage-note", hidden: true });
  #laserTimer = 0;
  #prefetchTimer = 0;

  slide = el("div", { class: "stage-slide", hidden: true });

  constructor(host, { lesson, prefetch = false }) {
    this.#host = host;
    this.#lesson = lesson;
    this.#prefetches = prefetch;
    host.classList.add("stage");
    host.prepend(this.slide);
    this.#picture = new Picture(this.slide, (waiting) => this.#wait(waiting));
    this.#ink = new InkLayer(this.slide, lesson);
    this.slide.append(this.#note, this.#laser);
    lesson.addEventListener("change", ({ detail }) => this.#change(detail));
    new ResizeObserver(() => this.#fit()).observe(host);
  }

  get page() {
    return this.#page;
  }

  show(page) {
    if (page === this.#page) return;
    this.#page = page;
    this.#note.hidden = true;
    this.#fit();
    this.#point();
    this.#scheduleAhead();
  }

  preview(stroke) {
    this.#ink.preview(stroke);
  }

  // A place on the screen in units of the page; it may lie outside.
  toPage(clientX, clientY) {
    const { left, top, width } = this.slide.getBoundingClientRect();
    return [clientX, clientY].map((at, i) => ((at - [left, top][i]) * 10_000) / width);
  }

  // How many times larger the slide is shown by a transform: picture and ink get so much sharper.
  sharpen(zoom) {
    if (zoom === this.#zoom) return;
    this.#zoom = zoom;
    this.#fit();
  }

  #change(detail) {
    if (!this.#page) return;
    const { keys, reset } = detail;
    const sizes = reset || keys.has("pages") || [...keys].some((key) => key.startsWith("deck/"));
    if (sizes) this.#fit();
    this.#ink.update(detail);
    if (reset || keys.has("pointer")) this.#point();
  }

  #fit() {
    this.slide.hidden = !this.#page;
    const { clientWidth, clientHeight } = this.#host;
    if (!this.#page || !clientWidth || !clientHeight) return;
    const [w, h] = size(this.#lesson, this.#page);
    const scale = Math.min(clientWidth / w, clientHeight / h);
    const [width, height] = [Math.round(w * scale), Math.round(h * scale)];
    const left = Math.round((clientWidth - width) / 2);
    const top = Math.round((clientHeight - height) / 2);
    Object.assign(this.slide.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    this.#box = [width, height];
    this.#draw();
  }

  async #draw() {
    const page = this.#page;
    const same = page === this.#inked;
    if (same) this.#resizeInk();
    const url = image(this.#lesson, page, this.#pixels());
    await this.#picture.show(url, { same, alt: `Slide ${this.#lesson.number(page) || ""}` });
    if (page !== this.#page) return;
    if (!url && !("blank" in parse(page))) this.#say("This page is being prepared.");
    if (same) return;
    this.#inked = page;
    this.#ink.show(page);
    this.#resizeInk();
  }

  #resizeInk() {
    const density = Math.min(DENSITY, devicePixelRatio || 1) * this.#zoom;
    this.#ink.resize(...this.#box, density);
  }

  #pixels() {
    const thrifty = navigator.connection && navigator.connection.saveData;
    return thrifty ? 0 : this.#box[0] * (devicePixelRatio || 1) * this.#zoom;
  }

  #wait(waiting) {
    if (waiting) this.#say("Loading…");
    else this.#note.hidden = true;
  }

  #say(words) {
    text(this.#note, words);
    this.#note.hidden = false;
  }

  #point() {
    clearTimeout(this.#laserTimer);
    const pointer = this.#lesson.get("pointer");
    this.#laser.hidden = !pointer || pointer.page !== this.#page;
    if (this.#laser.hidden) return;
    const [w, h] = size(this.#lesson, this.#page);
    this.#laser.style.left = `${pointer.x / 100}%`;
    this.#laser.style.top = `${((pointer.y / 100) * w) / h}%`;
    this.#laserTimer = setTimeout(() => (this.#laser.hidden = true), LASER_FADES);
  }

  #scheduleAhead() {
    clearTimeout(this.#prefetchTimer);
    if (!this.#prefetches || !this.#page) return;
    const [least, most] = PREFETCH;
    this.#prefetchTimer = setTimeout(() => this.#fetchAhead(), least + Math.random() * (most - least));
  }

  #fetchAhead() {
    const from = this.#lesson.number(this.#page);
    if (!from) return;
    for (const page of this.#lesson.order.slice(from, from + AHEAD)) {
      const url = image(this.#lesson, page, this.#pixels());
      if (url) new Image().src = url;
    }
  }
}
