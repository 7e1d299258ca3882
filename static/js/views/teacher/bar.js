// The top bar: what the lesson is called, how to join, who is there, how the line is, and what still waits to be sent.

import { $, text } from "../../helpers/dom.js";
import { clock as spell, code as spoken } from "../../helpers/format.js";
import { copy } from "../../helpers/copy.js";

const TICK = 500;
const SLOW = 1500; // a write that waits longer is worth a word
const STATUS = {
  connecting: "Connecting", live: "Live", delayed: "Delayed", reconnecting: "Reconnecting",
  ended: "Ended", unknown: "No such lesson", denied: "Signed out",
};

export class Bar {
  #desk;
  #outbox;
  #clock;
  #created = null;
  #waitingSince = null;

  constructor({ code, desk, outbox, clock, connection, says }) {
    this.#desk = desk;
    this.#outbox = outbox;
    this.#clock = clock;
    text($("#code-text"), spoken(code));
    $("#code").addEventListener("click", async () => {
      const done = await copy(`${location.origin}/${code}`);
      says.say(done ? "The link to join is copied." : `Join at ${location.host}/${code}`);
    });
    $("#outbox").addEventListener("click", () => outbox.retry());
    connection.addEventListener("status", () => this.#status(connection.status));
    connection.addEventListener("beat", ({ detail }) => this.#viewers(detail.viewers));
    desk.lesson.addEventListener("change", ({ detail }) => detail.keys.has("audience") && this.#viewers());
    outbox.addEventListener("change", () => this.#waits());
    setInterval(() => this.#tick(), TICK);
  }

  about({ title, created, viewers }) {
    this.#created = created;
    text($("#title"), title);
    $("#title").title = title;
    document.title = `${title} · Teaching · Lectern`;
    this.#viewers(viewers);
    this.#tick();
  }

  #viewers(n) {
    text($("#viewers"), String(this.#desk.lesson.get("audience")?.viewers ?? n ?? 0));
  }

  #status(status) {
    $("#link").dataset.status = status;
    text($("#link-text"), STATUS[status] ?? status);
  }

  #tick() {
    if (this.#created) text($("#elapsed"), spell(Math.max(0, this.#clock.now - this.#created)));
    this.#waits();
  }

  #waits() {
    const { waiting, failing, state } = this.#outbox;
    if (!waiting) this.#waitingSince = null;
    else this.#waitingSince ??= performance.now();
    const slow = waiting > 0 && performance.now() - this.#waitingSince > SLOW;
    const shown = waiting > 0 && (slow || failing || state === "paused");
    $("#outbox").hidden = !shown;
    if (shown) text($("#outbox-text"), waiting === 1 ? "1 change waits" : `${waiting} changes wait`);
  }
}
