// Which tool is in hand, and each ink tool's colour and width. No tool in hand: the panel does not draw, but a stylus does,
// with the ink tool used last.

// Colours told apart by colour-blind people (after Okabe and Ito), all readable on white.
export const COLORS = [
  ["#000000", "Black"], ["#d55e00", "Vermilion"], ["#0072b2", "Blue"],
  ["#009e73", "Green"], ["#cc79a7", "Pink"], ["#e69f00", "Orange"],
];
export const TOOLS = ["pen", "highlighter", "laser", "eraser"];
export const WIDTHS = { pen: [16, 30, 56], highlighter: [90, 160, 260] }; // 1/10000 of the page's width
export const WIDTH_NAMES = ["Thin", "Medium", "Thick"];

export class Toolbox extends EventTarget {
  #tool = null;
  #last = "pen"; // the tool that D takes up again
  #ink = "pen"; // the ink tool that a stylus draws with
  #styles = { pen: { color: "#d55e00", size: 1 }, highlighter: { color: "#e69f00", size: 1 } };

  get tool() {
    return this.#tool;
  }

  get ink() {
    return this.#ink;
  }

  get style() {
    const { color, size } = this.#styles[this.#ink];
    return { tool: this.#ink, color, width: WIDTHS[this.#ink][size] };
  }

  get size() {
    return this.#styles[this.#ink].size;
  }

  // The tool that is in hand already is put down.
  take(tool) {
    this.#tool = this.#tool === tool ? null : tool;
    if (this.#tool) this.#last = this.#tool;
    if (this.#tool in WIDTHS) this.#ink = this.#tool;
    this.#changed();
  }

  toggle() {
    this.take(this.#tool ?? this.#last);
  }

  putDown() {
    if (this.#tool) this.take(this.#tool);
  }

  // Choosing a colour or a width means wanting to draw with it.
  choose({ color, size }) {
    const style = this.#styles[this.#ink];
    if (color !== undefined) style.color = color;
    if (size !== undefined) style.size = size;
    if (this.#tool !== this.#ink) this.take(this.#ink);
    else this.#changed();
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
