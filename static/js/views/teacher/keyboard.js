// The keyboard and the clicker. Which key means what is in helpers/keys.js; this is when it counts.

import { $ } from "../../helpers/dom.js";
import { belongsTo, command } from "../../helpers/keys.js";
import { light } from "./dialogs.js";

const TURNS = new Set(["next", "previous", "first", "last"]);

export class Keyboard {
  #actions;
  #byKeyboard = false; // how the focus got where it is
  #pressed = false; // the key that is down now was ours

  // actions: command -> function
  constructor(actions) {
    this.#actions = actions;
    addEventListener("pointerdown", () => (this.#byKeyboard = false), true);
    addEventListener("keydown", (event) => this.#down(event));
    addEventListener("keyup", (event) => this.#up(event));
  }

  #down(event) {
    if (event.key === "Tab") this.#byKeyboard = true;
    this.#pressed = false;
    if (event.defaultPrevented || event.isComposing) return;
    if (belongsTo(focused(), event.key, this.#byKeyboard)) return;
    const name = command(event);
    if (!name || !this.#reachable(name)) return;
    if (name === "leave") return this.#actions.leave();
    event.preventDefault();
    this.#pressed = true;
    this.#actions[name]?.();
  }

  // A button pressed by the mouse keeps the focus, and would be pressed again as the space bar comes up.
  #up(event) {
    if (this.#pressed && event.key === " ") event.preventDefault();
    this.#pressed = false;
  }

  #reachable(name) {
    if (!$("dialog[open]")) return true;
    const shown = light();
    if (!shown || !TURNS.has(name)) return false;
    shown.close();
    return true;
  }
}

// A field keeps the focus for a moment after its dialog has closed; the clicker does not wait.
function focused() {
  const element = document.activeElement;
  return element?.closest("dialog:not([open])") ? null : element;
}
