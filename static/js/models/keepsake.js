// What this browser remembers of a lesson across reloads. Where storage is refused (private windows, full
// disks) it remembers until the page is closed, and nothing else changes.

export class Keepsake {
  #prefix;
  #fallback = new Map();

  constructor(code) {
    this.#prefix = `lectern:${code}:`;
  }

  get(name) {
    try {
      return JSON.parse(localStorage.getItem(this.#prefix + name) || this.#fallback.get(name) || "null");
    } catch {
      return JSON.parse(this.#fallback.get(name) || "null");
    }
  }

  // null forgets.
  set(name, value) {
    const text = JSON.stringify(value);
    this.#fallback.set(name, text);
    try {
      if (value === null) localStorage.removeItem(this.#prefix + name);
      else localStorage.setItem(this.#prefix + name, text);
    } catch {
      // The fallback has it.
    }
  }
}
