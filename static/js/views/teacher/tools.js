// The ink tools beside the slide. Plain buttons in plain tab order: the arrow keys turn pages, here too.

import { el } from "../../helpers/dom.js";
import { COLORS, TOOLS, WIDTH_NAMES } from "../../models/toolbox.js";
import { icon } from "./icons.js";

const NAMES = { pen: "Pen", highlighter: "Highlighter", laser: "Laser pointer", eraser: "Eraser" };

export class Tools {
  #desk;
  #toolbox;
  #tools = new Map();
  #colors = new Map();
  #sizes = [];
  #undo;
  #redo;
  #clear;

  constructor(root, { desk, toolbox }) {
    this.#desk = desk;
    this.#toolbox = toolbox;
    root.append(this.#toolGroup(), this.#colorGroup(), this.#sizeGroup(), this.#historyGroup(), this.#pageGroup());
    toolbox.addEventListener("change", () => this.#show());
    desk.history.addEventListener("change", () => this.#show());
    desk.lesson.addEventListener("change", () => this.#show());
    this.#show();
  }

  #toolGroup() {
    for (const tool of TOOLS) this.#tools.set(tool, button(NAMES[tool], icon(tool), () => this.#toolbox.take(tool)));
    return group("Tools", this.#tools.values());
  }

  #colorGroup() {
    for (const [color, name] of COLORS) {
      const swatch = el("span", { class: "swatch", style: { background: color } });
      this.#colors.set(color, button(name, swatch, () => this.#toolbox.choose({ color }), "tool color"));
    }
    return group("Colours", this.#colors.values());
  }

  #sizeGroup() {
    this.#sizes = WIDTH_NAMES.map((name, size) =>
      button(name, el("span", { class: `width width-${size}` }), () => this.#toolbox.choose({ size })));
    return group("Widths", this.#sizes);
  }

  #historyGroup() {
    this.#undo = button("Undo", icon("undo"), () => this.#desk.undo(), "tool", "Undo (Ctrl+Z)");
    this.#redo = button("Redo", icon("redo"), () => this.#desk.redo(), "tool", "Redo (Ctrl+Shift+Z)");
    return group("History", [this.#undo, this.#redo]);
  }

  // Clear stands apart from undo, so that a hurried hand does not hit it.
  #pageGroup() {
    const blank = button("Blank page", icon("blank"), () => this.#desk.insertBlank(), "tool", "Blank page after this one");
    this.#clear = button("Clear the page", icon("clear"), () => this.#desk.clear(), "tool", "Clear all ink of this page");
    return el("div", { class: "tool-group tool-group-apart", role: "group", "aria-label": "Page" }, blank, this.#clear);
  }

  #show() {
    const { tool, style, size } = this.#toolbox;
    const { page } = this.#desk.lesson;
    for (const [name, node] of this.#tools) press(node, name === tool);
    for (const [color, node] of this.#colors) press(node, color === style.color);
    this.#sizes.forEach((node, at) => press(node, at === size));
    this.#undo.disabled = !this.#desk.history.canUndo(page);
    this.#redo.disabled = !this.#desk.history.canRedo(page);
    this.#clear.disabled = !page || !this.#desk.inked;
  }
}

function button(name, face, onclick, kind = "tool", title = name) {
  return el("button", { class: `${kind} plain`, type: "button", "aria-label": name, title, onclick }, face);
}

function group(name, children) {
  return el("div", { class: "tool-group", role: "group", "aria-label": name }, [...children]);
}

function press(node, pressed) {
  node.setAttribute("aria-pressed", String(pressed));
}
