// What a pointer does between down and up, one class a tool: start with the first point, move, end.
// A gesture stays with the page on which it began.

import { met } from "../../helpers/hit.js";
import { register } from "../../helpers/strokes.js";
import { strokes } from "../../models/ink.js";
import { Pen } from "../../models/pen.js";

const PIECE = 60; // ms between pieces of a stroke
const LASER = 50; // 20 a second at most

export class Stroke {
  #desk;
  #stage;
  #style;
  #pen;
  #timer;

  constructor({ desk, stage, toolbox }) {
    this.#desk = desk;
    this.#stage = stage;
    this.#style = toolbox.style;
    this.#begin();
    this.#timer = setInterval(() => this.#piece(), PIECE);
  }

  move(points) {
    for (const { at, pressure } of points) {
      this.#pen.add(at, pressure);
      if (!this.#pen.full) continue;
      this.#finish();
      this.#begin();
      this.#pen.add(at, pressure);
    }
    this.#stage.preview(this.#pen.preview);
  }

  end() {
    clearInterval(this.#timer);
    this.#finish();
    this.#stage.preview(null);
  }

  // The server has refused these writes. Where pieces of this stroke are among them, there is no place for it: whether it goes on.
  refused(keys) {
    if (!keys.some((key) => key.startsWith(`${this.#pen.key}/`))) return true;
    clearInterval(this.#timer);
    this.#desk.write([`${this.#pen.key}/`, null]); // pieces that came before the lesson was full
    this.#stage.preview(null);
    return false;
  }

  #begin() {
    this.#pen = new Pen({ page: this.#stage.page, ...this.#style });
  }

  #piece() {
    const piece = this.#pen.piece();
    if (piece) this.#desk.write(piece);
  }

  #finish() {
    this.#desk.drawn(this.#pen.page, this.#pen.finish());
  }
}

// Takes away whole strokes, at once; the gesture as a whole is one step of undo.
export class Erase {
  #desk;
  #page;
  #reach;
  #removed = [];
  #last = null;

  constructor({ desk, stage, reach }) {
    this.#desk = desk;
    this.#page = stage.page;
    this.#reach = reach;
  }

  move(points) {
    for (const { at } of points) {
      const hit = met(strokes(this.#desk.lesson, this.#page), this.#last ?? at, at, this.#reach);
      this.#last = at;
      if (!hit.length) continue;
      this.#removed.push(...hit.map((stroke) => register(this.#page, stroke)));
      this.#desk.erase(this.#page, hit);
    }
  }

  end() {
    this.#desk.history.record(this.#page, { removed: this.#removed });
  }
}

// Also while no button is down: the laser follows the mouse.
export class Laser {
  #desk;
  #page;
  #spot = null;
  #timer = null;

  constructor({ desk, stage }) {
    this.#desk = desk;
    this.#page = stage.page;
  }

  move(points) {
    this.#spot = points.at(-1).at;
    if (this.#timer) return;
    this.#point();
    this.#timer = setTimeout(() => this.#again(), LASER);
  }

  end() {
    clearTimeout(this.#timer);
    this.#desk.point(this.#page, null);
  }

  #again() {
    this.#timer = null;
    if (this.#spot) this.move([{ at: this.#spot }]);
  }

  #point() {
    this.#desk.point(this.#page, this.#spot);
    this.#spot = null;
  }
}
