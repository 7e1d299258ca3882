// The connection's state in words. What it says comes from Connection and is never guessed here.

import { text } from "../helpers/dom.js";

const WORDS = {
  connecting: "Connecting…",
  live: "Live",
  delayed: "Delayed",
  reconnecting: "Reconnecting…",
  ended: "Ended",
  unknown: "No such lesson",
  denied: "Not allowed",
};
const SAID = {
  reconnecting: "Connection lost. Reconnecting.",
  delayed: "The connection is slow: what you see may be late.",
  live: "Live again.",
  ended: "The lesson has ended.",
};
const SETTLED = 4_000; // a connection that is back within that time is not worth a word

export class Badge {
  #node;
  #announcer;
  #said = "live";
  #timer = 0;

  constructor(node, connection, announcer) {
    this.#node = node;
    this.#announcer = announcer;
    const show = () => this.#show(connection.status);
    connection.addEventListener("status", show);
    show();
  }

  #show(status) {
    this.#node.dataset.status = status;
    text(this.#node, WORDS[status]);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say(status), status === "ended" ? 0 : SETTLED);
  }

  #say(status) {
    if (!SAID[status] || status === this.#said) return;
    this.#said = status;
    this.#announcer.say(SAID[status]);
  }
}
