// Reordering pages by dragging one to between two others. The menu of each page does the same without a mouse.

export class StripDrag {
  #root;
  #order;
  #move;
  #page = null;
  #mark = null;

  // order(): the pages now; move(page, place): to stand before what is at `place`.
  constructor(root, { order, move }) {
    this.#root = root;
    this.#order = order;
    this.#move = move;
    root.addEventListener("dragstart", (event) => this.#start(event));
    root.addEventListener("dragover", (event) => this.#over(event));
    root.addEventListener("drop", (event) => this.#drop(event));
    root.addEventListener("dragend", () => this.#end());
  }

  #start(event) {
    const item = event.target.closest?.(".page");
    if (!item) return;
    this.#page = item.dataset.page;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", this.#page);
    item.classList.add("dragged");
  }

  #over(event) {
    if (!this.#page) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    const place = this.#place(event.clientX);
    const item = this.#pages()[place];
    this.#show(item ? item.previousElementSibling : this.#root.lastElementChild);
  }

  #drop(event) {
    if (!this.#page) return;
    event.preventDefault();
    const place = this.#place(event.clientX);
    this.#move(this.#page, place);
    this.#end();
  }

  #end() {
    this.#root.querySelector(".dragged")?.classList.remove("dragged");
    this.#page = null;
    this.#show(null);
  }

  // Before the first page whose middle is right of the pointer; after all, where none is.
  #place(x) {
    const at = this.#pages().findIndex((node) => {
      const { left, width } = node.getBoundingClientRect();
      return x < left + width / 2;
    });
    return at < 0 ? this.#order().length : at;
  }

  #pages() {
    return [...this.#root.querySelectorAll(".page")];
  }

  #show(mark) {
    if (mark === this.#mark) return;
    this.#mark?.classList.remove("target");
    mark?.classList.add("target");
    this.#mark = mark;
  }
}
