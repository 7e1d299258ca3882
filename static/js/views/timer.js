// The lesson's timer, by the server's clock.

import { text } from "../helpers/dom.js";
import { clock } from "../helpers/format.js";

const TICK = 250;

export class Timer {
  #node;
  #lesson;
  #connection;
  #interval = 0;

  constructor(node, { lesson, connection }) {
    this.#node = node;
    this.#lesson = lesson;
    this.#connection = connection;
    lesson.addEventListener("change", ({ detail: { keys, reset } }) => (reset || keys.has("timer")) && this.#start());
  }

  #start() {
    clearInterval(this.#interval);
    const timer = this.#lesson.get("timer");
    this.#node.hidden = !timer;
    if (timer && timer.ends) this.#interval = setInterval(() => this.#show(timer), TICK);
    if (timer) this.#show(timer);
  }

  #show({ ends, paused = 0 }) {
    const left = ends ? ends - Date.now() - this.#connection.offset : paused;
    this.#node.dataset.state = left <= 0 ? "over" : ends ? "running" : "paused";
    text(this.#node, left <= 0 ? "Time’s up" : clock(left));
    if (left <= 0) clearInterval(this.#interval);
  }
}
