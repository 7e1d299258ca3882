// What can be done with a page of the strip, beside its thumbnail.

import { $ } from "../../helpers/dom.js";

const GAP = 6;

export class PageMenu {
  #desk;
  #root = $("#page-menu");
  #page = null;

  constructor({ desk }) {
    this.#desk = desk;
    this.#root.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (!act) return;
      this.#root.hidePopover();
      this.#do(act);
    });
  }

  open(page, button) {
    this.#page = page;
    const { order } = this.#desk.lesson;
    const at = order.indexOf(page);
    this.#item("left").disabled = at <= 0;
    this.#item("right").disabled = at >= order.length - 1;
    this.#item("skip").disabled = order.length < 2;
    this.#root.showPopover();
    this.#stand(button.getBoundingClientRect());
  }

  #stand({ left, top }) {
    const { offsetWidth, offsetHeight } = this.#root;
    const x = Math.max(GAP, Math.min(left, innerWidth - offsetWidth - GAP));
    Object.assign(this.#root.style, { left: `${x}px`, top: `${Math.max(GAP, top - offsetHeight - GAP)}px` });
  }

  #do(act) {
    const desk = this.#desk;
    const at = desk.lesson.order.indexOf(this.#page);
    if (act === "left") desk.move(this.#page, at - 1);
    if (act === "right") desk.move(this.#page, at + 2);
    if (act === "blank") desk.insertBlank(this.#page);
    if (act === "skip") desk.skip(this.#page);
  }

  #item(act) {
    return this.#root.querySelector(`[data-act="${act}"]`);
  }
}
