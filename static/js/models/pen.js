// One stroke while it is being drawn.
//
// It goes out in pieces, each with the points since the last one, and ends in one whole, simplified stroke together with the clear
// of its pieces. The stroke's own register lies beside that prefix, not below it, and the clear's stamp comes after every
// piece's: in whatever order they arrive, the whole stroke is left.
// The wire has one width a stroke, so pressure scales the whole stroke by its mean.

import { encode, simplify } from "./ink.js";

export const MOST_POINTS = 1500; // then the view goes on with a new stroke; keeps each register small
const TOLERANCE = 4; // 1/10000 of the width: half a pixel on a projector
const LIGHTEST = 0.55;
const HEAVIEST = 1.45;

export class Pen {
  #page;
  #style;
  #points = [];
  #sent = 0;
  #pieces = 0;
  #pressure = { sum: 0, count: 0 };

  constructor({ page, tool, color, width, id = strokeId() }) {
    this.#page = page;
    this.#style = { tool, color, width };
    this.id = id;
  }

  get key() {
    return `ink/${this.#page}/${this.id}`;
  }

  get page() {
    return this.#page;
  }

  get full() {
    return this.#points.length >= MOST_POINTS;
  }

  // For the stage, at once: every point, not simplified.
  get preview() {
    return { id: this.id, ...this.#style, width: this.#width, points: this.#points };
  }

  // pressure: 0..1 of a device that has it, else null.
  add([x, y], pressure = null) {
    const point = [Math.round(x), Math.round(y)];
    const last = this.#points.at(-1);
    if (last && last[0] === point[0] && last[1] === point[1]) return;
    this.#points.push(point);
    if (pressure === null) return;
    this.#pressure = { sum: this.#pressure.sum + pressure, count: this.#pressure.count + 1 };
  }

  // The points since the last piece as one write; null where there are none.
  piece() {
    const points = this.#points.slice(this.#sent);
    if (!points.length) return null;
    this.#sent = this.#points.length;
    return [`${this.key}/${this.#pieces++}`, this.#value(points)];
  }

  // The whole stroke and the clear of its pieces: to be written together.
  finish() {
    const whole = [this.key, this.#value(simplify(this.#points, TOLERANCE))];
    return [whole, [`${this.key}/`, null]];
  }

  get #width() {
    const { sum, count } = this.#pressure;
    if (!count) return this.#style.width;
    return Math.max(1, Math.round(this.#style.width * (LIGHTEST + (HEAVIEST - LIGHTEST) * (sum / count))));
  }

  #value(points) {
    return { ...this.#style, width: this.#width, points: encode(points) };
  }
}

// Sortable by time, so that strokes are drawn in the order in which they were begun, and unique among panels.
export function strokeId(now = Date.now()) {
  const chance = crypto.getRandomValues(new Uint8Array(4));
  return `s${now.toString(36).padStart(9, "0")}${Array.from(chance, (byte) => (byte % 36).toString(36)).join("")}`;
}
