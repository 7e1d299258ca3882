// Turning pages: buttons, keys and swipes move the student's place; the stage, the text, the place in words
// and the veil follow it. Previous and Next stand where they stand, whatever happens.

import { $, text } from "../helpers/dom.js";
import { Veil } from "./veil.js";
import { Zoom } from "./zoom.js";

const TYPING = "input, textarea, select, [contenteditable]";
const OVER = new Set(["ended", "unknown"]);

export class Turning {
  #o;
  #veil = new Veil($("#veil"));
  #zoom;
  #announced = null;

  constructor(objects) {
    this.#o = objects;
    const { lesson, place, stage, connection } = objects;
    this.#zoom = new Zoom($("#stage"), stage, { onswipe: (way) => place[way]() });
    $("#back").addEventListener("click", () => place.back());
    $("#forward").addEventListener("click", () => place.forward());
    $("#live").addEventListener("click", () => this.#goLive());
    document.addEventListener("keydown", (event) => this.#key(event));
    place.addEventListener("change", () => this.#render());
    connection.addEventListener("status", () => this.#render());
    lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      if (reset || keys.has("screen")) this.#render();
    });
    this.#render();
  }

  #goLive() {
    this.#o.place.live();
    // The button is about to go; the keyboard must not be left on nothing.
    $("#stage").focus();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
    const { place } = this.#o;
    const turns = {
      ArrowLeft: () => place.back(),
      PageUp: () => place.back(),
      ArrowRight: () => place.forward(),
      PageDown: () => place.forward(),
      Home: () => place.first(),
      End: () => place.live(),
      l: () => place.live(),
    };
    const done = this.#zoom.key(event) || (turns[event.key] && (turns[event.key](), true));
    if (done) event.preventDefault();
  }

  #render() {
    const { lesson, place, stage, reading, archive } = this.#o;
    const page = place.page;
    if (page !== stage.page) this.#zoom.reset();
    archive.look(place.following ? null : page);
    stage.show(page);
    reading.show(page, this.#label(page));
    $("#stage").setAttribute("aria-label", page ? this.#label(page) : "Slide");
    $("#back").disabled = !place.canBack;
    $("#forward").disabled = !place.canForward;
    $("#live").hidden = place.following;
    text($("#live"), this.#o.connection.status === "ended" ? "Last slide" : "Go live");
    const number = lesson.number(page);
    text($("#place"), page ? (number ? `${number} of ${lesson.order.length}` : "Extra page") : "");
    text($("#live-place"), this.#whereLive());
    this.#drape();
    this.#announce();
  }

  #whereLive() {
    const { lesson, place } = this.#o;
    if (place.following) return "";
    if (this.#o.connection.status === "ended") return "looking back";
    const number = lesson.number(lesson.page);
    return number ? `live is on ${number}` : "live is elsewhere";
  }

  #drape() {
    const { lesson, place, connection } = this.#o;
    const { status } = connection;
    const ended = status === "ended";
    if (status === "unknown") this.#veil.show("plain", "Check the code, or ask your teacher for the link.", "No such lesson");
    else if (!place.page && ended) this.#veil.show("plain", "Nothing was shown in it.", "The lesson has ended");
    else if (!place.page && status === "connecting") this.#veil.show("plain", "Connecting…");
    else if (!place.page) this.#veil.show("plain", "The first slide appears here by itself.", "Waiting for the teacher");
    else if (place.following && lesson.screen !== "slide" && !OVER.has(status)) {
      this.#veil.show(lesson.screen, "The teacher has paused the screen.");
    } else this.#veil.show(null);
  }

  #announce() {
    const { lesson, place, announcer } = this.#o;
    const now = place.following ? place.page : `${lesson.page} while at ${place.page}`;
    if (now === this.#announced || !place.page) return;
    const first = this.#announced === null;
    this.#announced = now;
    if (place.following) announcer.say(`${this.#label(place.page)}.`);
    else if (!first) announcer.say(`${this.#label(place.page)}. Live is on ${lesson.number(lesson.page)}.`);
  }

  #label(page) {
    const number = this.#o.lesson.number(page);
    return number ? `Slide ${number}` : "Extra page";
  }
}
