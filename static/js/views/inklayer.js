// The ink of one page on four canvases: highlights under the pen (their group is translucent and multiplies,
// so that overlaps do not darken), each with a dry canvas for whole strokes and a wet one for what is being
// drawn now. The dry ones are only added to while strokes are added at the end: a full page costs no more
// per stroke than an empty one.

import { el } from "../helpers/dom.js";
import { strokes } from "../models/ink.js";
import { paint } from "./paint.js";

const MOST_PIXELS = 6_000_000; // a canvas; phones refuse to go much beyond

export class InkLayer {
  #lesson;
  #page = null;
  #layers;
  #dry = []; // the values on the dry canvases, in drawing order
  #preview = null;
  #scheduled = false;

  constructor(parent, lesson) {
    this.#lesson = lesson;
    const canvases = () => [el("canvas"), el("canvas")];
    const [marks, lines] = [canvases(), canvases()];
    this.#layers = { highlighter: layer(marks), pen: layer(lines) };
    parent.append(el("div", { class: "stage-highlights" }, marks), ...lines);
  }

  show(page) {
    this.#page = page;
    this.#redraw();
  }

  // Sizes in CSS pixels; `density` is canvas pixels for one of them.
  resize(width, height, density) {
    const scale = Math.min(density, Math.sqrt(MOST_PIXELS / (width * height)));
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    const [first] = this.#canvases();
    if (first.width === w && first.height === h) return;
    for (const canvas of this.#canvases()) Object.assign(canvas, { width: w, height: h });
    this.#redraw();
  }

  // A stroke that is not in the lesson yet: drawn now, not at the next frame.
  preview(stroke) {
    this.#preview = stroke;
    this.#drawWet(this.#strokes());
  }

  update({ keys, reset }) {
    const prefix = `ink/${this.#page}/`;
    if (!reset && ![...keys].some((key) => key.startsWith(prefix))) return;
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #redraw() {
    this.#dry = [];
    for (const { dry } of Object.values(this.#layers)) clear(dry);
    this.#draw();
  }

  #draw() {
    const all = this.#strokes();
    const whole = all.filter((stroke) => !stroke.pieces);
    if (this.#dry.some((value, i) => !whole[i] || whole[i].value !== value)) {
      this.#dry = [];
      for (const { dry } of Object.values(this.#layers)) clear(dry);
    }
    for (const stroke of whole.slice(this.#dry.length)) this.#paint(stroke, "dry");
    this.#dry = whole.map((stroke) => stroke.value);
    this.#drawWet(all);
  }

  #drawWet(all) {
    for (const { wet } of Object.values(this.#layers)) clear(wet);
    for (const stroke of all) if (stroke.pieces) this.#paint(stroke, "wet");
    if (this.#preview) this.#paint(this.#preview, "wet");
  }

  #paint(stroke, state) {
    const layer = this.#layers[stroke.tool] || this.#layers.pen;
    const context = layer[state];
    paint(context, stroke, context.canvas.width);
  }

  #strokes() {
    return this.#page ? strokes(this.#lesson, this.#page) : [];
  }

  #canvases() {
    return Object.values(this.#layers).flatMap(({ dry, wet }) => [dry.canvas, wet.canvas]);
  }
}

function layer([dry, wet]) {
  return { dry: dry.getContext("2d"), wet: wet.getContext("2d") };
}

function clear(context) {
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}
