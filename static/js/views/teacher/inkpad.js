// Pointers on the stage become gestures.
//
// A stylus always draws; mouse and finger only with a tool in hand. While a stylus is near, fingers are the palm that holds
// it and are ignored. One gesture at a time; a page turn, by whomever, ends it.

import { toolFor } from "../../helpers/pointers.js";
import { FULL } from "../../helpers/words.js";
import { size } from "../../models/pages.js";
import { Erase, Laser, Stroke } from "./gestures.js";

const REACH = { mouse: 7, pen: 7, touch: 14 }; // CSS pixels around the eraser

const GESTURES = { pen: Stroke, highlighter: Stroke, eraser: Erase, laser: Laser };

export class Inkpad {
  #host;
  #stage;
  #desk;
  #toolbox;
  #says;
  #gesture = null;
  #pointer = null;
  #stylusSeen = -Infinity;

  constructor(host, { stage, desk, toolbox, outbox, says }) {
    this.#host = host;
    this.#stage = stage;
    this.#desk = desk;
    this.#toolbox = toolbox;
    this.#says = says;
    host.addEventListener("pointerdown", (event) => this.#down(event));
    host.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) host.addEventListener(name, (event) => this.#up(event));
    host.addEventListener("pointerleave", () => this.#hovering && this.#end());
    host.addEventListener("contextmenu", (event) => this.#gesture && event.preventDefault());
    toolbox.addEventListener("change", () => this.#tool());
    desk.lesson.addEventListener("change", () => this.#gesture && desk.lesson.page !== stage.page && this.#end());
    outbox.addEventListener("refused", ({ detail }) => this.#refused(detail.writes));
    addEventListener("blur", () => this.#end());
    addEventListener("pagehide", () => this.#end());
  }

  // The laser without a button down.
  get #hovering() {
    return this.#gesture && this.#pointer === null;
  }

  #down(event) {
    if (event.pointerType === "pen") this.#stylusSeen = event.timeStamp;
    const tool = toolFor(event, this.#toolbox, this.#stylusSeen);
    if (!tool || this.#pointer !== null || !this.#stage.page || this.#desk.ended || !this.#inside(event)) return;
    event.preventDefault();
    if (this.#desk.full && GESTURES[tool] === Stroke) return this.#says.say(FULL, "fault");
    this.#host.setPointerCapture(event.pointerId);
    if (!this.#hovering) this.#begin(tool, event);
    this.#pointer = event.pointerId;
    this.#gesture.move([this.#point(event)]);
  }

  #move(event) {
    if (event.pointerType === "pen") this.#stylusSeen = event.timeStamp;
    if (this.#pointer === null) return this.#hover(event);
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.#gesture.move((events.length ? events : [event]).map((one) => this.#point(one)));
  }

  #hover(event) {
    if (this.#toolbox.tool !== "laser" || event.pointerType === "touch" || this.#desk.ended) return;
    if (!this.#stage.page || !this.#inside(event)) return this.#hovering && this.#end();
    if (!this.#gesture) this.#begin("laser", event);
    this.#gesture.move([this.#point(event)]);
  }

  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    // A mouse that goes on pointing keeps the laser; a finger that is lifted takes it away.
    if (this.#gesture instanceof Laser && event.pointerType === "mouse") this.#pointer = null;
    else this.#end();
  }

  #begin(tool, event) {
    const perPixel = 10_000 / this.#stage.slide.clientWidth;
    const reach = (REACH[event.pointerType] ?? REACH.mouse) * perPixel;
    const parts = { desk: this.#desk, stage: this.#stage, toolbox: this.#toolbox, reach };
    this.#gesture = new GESTURES[tool](parts);
  }

  #end() {
    const gesture = this.#gesture;
    this.#gesture = null;
    this.#pointer = null;
    gesture?.end();
  }

  #refused(writes) {
    if (!(this.#gesture instanceof Stroke) || this.#gesture.refused(writes.map(({ key }) => key))) return;
    this.#gesture = null;
    this.#pointer = null;
  }

  #tool() {
    this.#host.dataset.tool = this.#toolbox.tool ?? "";
    if (this.#hovering && this.#toolbox.tool !== "laser") this.#end();
  }

  #inside({ clientX, clientY }) {
    const { left, right, top, bottom } = this.#stage.slide.getBoundingClientRect();
    return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  }

  // A gesture that leaves the page goes on along its edge.
  #point({ clientX, clientY, pointerType, pressure }) {
    const [x, y] = this.#stage.toPage(clientX, clientY);
    const [w, h] = size(this.#desk.lesson, this.#stage.page);
    const at = [Math.min(10_000, Math.max(0, x)), Math.min((10_000 * h) / w, Math.max(0, y))];
    return { at, pressure: pointerType === "pen" && pressure > 0 ? pressure : null };
  }
}
