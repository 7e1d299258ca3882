// What the top bar offers beyond the slides: the QR code, full screen, the other views, and the end of the lesson.

import { $ } from "../../helpers/dom.js";
import { request } from "../../helpers/api.js";
import { copy } from "../../helpers/copy.js";
import { verdict } from "../../helpers/verdict.js";
import { explained } from "../../helpers/words.js";
import { confirm, showKeys, showQr } from "./dialogs.js";
import { teacherLink } from "./entry.js";

export class Menu {
  #code;
  #outbox;
  #says;
  #denied;

  constructor({ code, outbox, says, denied }) {
    this.#code = code;
    this.#outbox = outbox;
    this.#says = says;
    this.#denied = denied;
    this.#on(["#qr-open", "#more-qr"], () => showQr(code));
    this.#on(["#more-timer"], () => $("#timer").showPopover());
    this.#on(["#fullscreen"], () => this.fullscreen());
    this.#on(["#help-open"], showKeys);
    this.#on(["#end-open", "#more-end"], () => this.#end());
    $("#projector").href = `/screen/${code}`;
    $("#student").href = `/${code}`;
    $("#more").addEventListener("click", (event) => event.target.closest("button, a") && $("#more").hidePopover());
    outbox.addEventListener("ended", () => this.ended());
  }

  async fullscreen() {
    try {
      await (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
    } catch {
      this.#says.say("This browser does not allow full screen.");
    }
  }

  // Once, while the key is in memory: it is kept nowhere.
  offerLink(key) {
    const card = $("#teach-link");
    const link = teacherLink(this.#code, key);
    const done = () => card.hidden = true;
    card.hidden = false;
    $("#teach-link-copy").addEventListener("click", async () => {
      if (!await copy(link)) return this.#says.say("This browser does not allow copying. Keep the address you came by.", "fault");
      this.#says.say("The teacher link is copied. Keep it where only you can read it.");
      done();
    }, { once: true });
    $("#teach-link-done").addEventListener("click", done, { once: true });
  }

  ended() {
    document.body.dataset.ended = "true";
    for (const id of ["#end-open", "#more-end", "#black", "#white", "#timer-open"]) $(id).disabled = true;
    this.#says.say("The lesson has ended. Its slides and results can still be looked at here.", "fault");
  }

  #on(selectors, run) {
    for (const selector of selectors) $(selector).addEventListener("click", run);
  }

  async #end() {
    const text = "Students see that it is over. Nothing can be written any more; results stay until the lesson is removed.";
    if (!await confirm({ title: "End the lesson?", text, yes: "End the lesson" })) return;
    try {
      await request("POST", `/api/lessons/${this.#code}/end`);
      this.#outbox.end();
    } catch (problem) {
      if (problem.type === "lesson-ended") return this.#outbox.end();
      if (verdict(problem) === "denied") return this.#denied();
      this.#says.say(`The lesson has not ended. ${explained(problem)}`, "fault");
    }
  }
}
