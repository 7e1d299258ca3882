// The timer on the students' screens. It ends at a moment of the server's clock, so that every screen shows the same.

import { $, el, text } from "../../helpers/dom.js";
import { clock as spell } from "../../helpers/format.js";

const MINUTES = [1, 2, 3, 5, 10, 15];
const MINUTE = 60_000;
const TICK = 250;

export class Timer {
  #desk;
  #clock;
  #running = el("div", { class: "timer-running" });
  #left = el("p", { class: "timer-left" });
  #pause = el("button", { type: "button", onclick: () => this.#toggle() });
  #own = el("input", { type: "number", id: "timer-own", min: "1", max: "180", inputmode: "numeric", placeholder: "Minutes" });

  constructor({ desk, clock }) {
    this.#desk = desk;
    this.#clock = clock;
    const start = (event) => {
      event.preventDefault();
      if (this.#own.reportValidity() && this.#own.value) this.#start(Number(this.#own.value));
    };
    this.#running.append(
      this.#left,
      el("p", { class: "row" }, this.#pause,
        el("button", { type: "button", onclick: () => this.#set(this.#rest + MINUTE) }, "+1 min"),
        el("button", { type: "button", class: "danger", onclick: () => this.#desk.write(["timer", null]) }, "Remove")),
    );
    $("#timer").append(
      el("h2", { class: "small-title" }, "Timer for the students"),
      this.#running,
      el("p", { class: "timer-choices" }, MINUTES.map((n) => el("button", { type: "button", onclick: () => this.#start(n) }, `${n} min`))),
      el("form", { class: "timer-form", onsubmit: start },
        el("label", { class: "visually-hidden", for: "timer-own" }, "Minutes"), this.#own, el("button", { class: "primary" }, "Start")),
    );
    desk.lesson.addEventListener("change", ({ detail }) => (detail.reset || detail.keys.has("timer")) && this.#show());
    setInterval(() => this.#show(), TICK);
    this.#show();
  }

  get #timer() {
    return this.#desk.lesson.get("timer");
  }

  get #rest() {
    const timer = this.#timer;
    if (!timer) return 0;
    return Math.max(0, timer.paused ?? timer.ends - this.#clock.now);
  }

  #start(minutes) {
    this.#desk.write(["timer", { ends: this.#clock.now + minutes * MINUTE }]);
    $("#timer").hidePopover();
  }

  #set(rest) {
    this.#desk.write(["timer", this.#timer?.paused === undefined ? { ends: this.#clock.now + rest } : { paused: rest }]);
  }

  #toggle() {
    const rest = Math.round(this.#rest);
    this.#desk.write(["timer", this.#timer?.paused === undefined ? { paused: rest } : { ends: this.#clock.now + rest }]);
  }

  #show() {
    const timer = this.#timer;
    const rest = spell(this.#rest);
    text($("#timer-text"), timer ? rest : "Timer");
    $("#timer-open").dataset.state = !timer ? "" : this.#rest === 0 ? "over" : timer.paused === undefined ? "running" : "paused";
    this.#running.hidden = !timer;
    if (!timer) return;
    text(this.#left, rest);
    text(this.#pause, timer.paused === undefined ? "Pause" : "Go on");
  }
}
