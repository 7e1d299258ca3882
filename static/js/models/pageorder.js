// The order of pages as the teacher changes it: in verbs, each a function from an order to the next.
//
// Rules: what goes out names the decks that this panel has heard of, so that the server puts back the pages of one that it has
// not. An order that another's has beaten is made anew: the same verbs on the newest order, once that has been heard. The old
// order is never sent again as it was, since that would undo what the other did; where nothing is heard, nothing is sent.

const HEARD_WITHIN = 1500; // what has beaten us came before the answer, and the stream is at most a moment behind

export class PageOrder {
  #lesson;
  #said;
  #decks = new Set();
  #verbs = []; // since all was settled

  // lesson: what the panel shows; said: what the stream has said.
  constructor({ lesson, said }) {
    this.#lesson = lesson;
    this.#said = said;
    said.addEventListener("change", ({ detail }) => detail.keys.has("pages") && this.#hear());
    this.#hear();
  }

  // The write of a verb: [key, value, again], for the outbox.
  write(verb) {
    const before = this.#said.get("pages");
    this.#verbs.push(verb);
    return ["pages", this.#value(verb(this.#lesson.order)), () => this.#again(before)];
  }

  settled() {
    this.#verbs = [];
  }

  #hear() {
    for (const page of this.#said.order) this.#decks.add(deckOf(page));
    this.#decks.delete("blank");
  }

  #value(order) {
    return { order, decks: [...this.#decks] };
  }

  async #again(before) {
    if (this.#said.get("pages") === before && !(await this.#news())) return null;
    return this.#value(this.#verbs.reduce((order, verb) => verb(order), this.#said.order));
  }

  #news() {
    return new Promise((resolve) => {
      const heard = ({ detail }) => detail.keys.has("pages") && done(true);
      const done = (news) => {
        clearTimeout(timer);
        this.#said.removeEventListener("change", heard);
        resolve(news);
      };
      const timer = setTimeout(() => done(false), HEARD_WITHIN);
      this.#said.addEventListener("change", heard);
    });
  }
}

const deckOf = (page) => page.slice(0, page.lastIndexOf("-"));
