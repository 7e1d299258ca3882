// The current slide, the one after it, and the buttons that turn pages. They stand in the page's corners, in rows of their own:
// nothing that comes or goes elsewhere moves them.

import { $, text } from "../../helpers/dom.js";
import { neighbour } from "../../helpers/order.js";
import { Stage } from "../stage.js";
import { goTo } from "./dialogs.js";

const CURTAIN = { black: "Students see a black screen", white: "Students see a white screen" };

export class Board {
  #desk;
  #next;

  constructor({ desk }) {
    this.#desk = desk;
    const { lesson } = desk;
    this.stage = new Stage($("#stage"), { lesson, prefetch: true });
    this.#next = new Stage($("#next"), { lesson });
    $("#next-page").addEventListener("click", () => desk.step(1));
    $("#previous").addEventListener("click", () => desk.step(-1));
    $("#place").addEventListener("click", () => goTo(desk));
    $("#empty-blank").addEventListener("click", () => desk.insertBlank());
    for (const mode of ["black", "white"]) {
      for (const button of [$(`#${mode}`), $(`#more-${mode}`)]) button.addEventListener("click", () => desk.screen(mode));
    }
    lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      if (reset || keys.has("slide") || keys.has("pages") || keys.has("screen")) this.show();
    });
  }

  show() {
    const { lesson } = this.#desk;
    const { page, order, screen } = lesson;
    this.stage.show(page);
    const next = neighbour(order, page, 1);
    this.#next.show(next);
    $("#next").dataset.end = String(Boolean(page) && !next);
    text($("#next-number"), next ? `page ${lesson.number(next)}` : "");
    text($("#place-text"), order.length ? `${lesson.number(page) || "–"} / ${order.length}` : "–");
    $("#next-page").disabled = !next;
    $("#previous").disabled = !neighbour(order, page, -1);
    $("#empty").hidden = Boolean(page);
    this.#curtain(screen);
  }

  // The teacher goes on seeing the slide, and that the students do not.
  #curtain(screen) {
    $("#curtain").hidden = !(screen in CURTAIN);
    text($("#curtain"), CURTAIN[screen] ?? "");
    $("#stage").dataset.screen = screen;
    for (const mode of ["black", "white"]) $(`#${mode}`).setAttribute("aria-pressed", String(screen === mode));
  }
}
