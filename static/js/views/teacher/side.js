// The side panel's tabs. Plain toggles rather than ARIA tabs: the arrow keys belong to the slides.

import { $ } from "../../helpers/dom.js";

export class Side {
  #tabs = [...document.querySelectorAll("[data-tab]")];

  constructor() {
    for (const tab of this.#tabs) tab.addEventListener("click", () => this.show(tab.dataset.tab));
  }

  show(name) {
    for (const tab of this.#tabs) {
      const on = tab.dataset.tab === name;
      tab.setAttribute("aria-pressed", String(on));
      $(`#tab-${tab.dataset.tab}`).hidden = !on;
    }
  }
}
