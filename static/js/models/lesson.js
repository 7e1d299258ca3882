// The replica of a lesson's registers. It trusts the order in which it is fed and keeps no stamps:
// whoever feeds it sees to it that older writes never come after newer ones.
//
// reset: everything goes, then the writes apply. [key, null] deletes; [key/, null] deletes all below.

export class Lesson extends EventTarget {
  #registers = new Map();

  get(key) {
    return this.#registers.has(key) ? this.#registers.get(key) : null;
  }

  below(prefix) {
    const found = [];
    for (const entry of this.#registers) if (entry[0].startsWith(prefix)) found.push(entry);
    return found.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  }

  apply({ reset = false, writes = [] }) {
    const keys = new Set();
    if (reset) {
      for (const key of this.#registers.keys()) keys.add(key);
      this.#registers.clear();
    }
    for (const [key, value] of writes) this.#write(key, value, keys);
    this.dispatchEvent(new CustomEvent("change", { detail: { keys, reset } }));
  }

  get page() {
    const slide = this.get("slide");
    return slide ? slide.page : null;
  }

  get order() {
    const pages = this.get("pages");
    return pages ? pages.order : [];
  }

  get screen() {
    const screen = this.get("screen");
    return screen ? screen.mode : "slide";
  }

  // 1-based place in the order; 0 for a page that is not in it.
  number(page) {
    return this.order.indexOf(page) + 1;
  }

  #write(key, value, keys) {
    if (value !== null) {
      this.#registers.set(key, value);
      keys.add(key);
    } else if (key.endsWith("/")) {
      for (const [below] of this.below(key)) this.#write(below, null, keys);
    } else {
      this.#registers.delete(key);
      keys.add(key);
    }
  }
}
