// Where a student is: following the lesson, or looking back at a page of their choice.
//
// Offered are the pages up to the live one or the furthest seen here, whichever is later: the server refuses
// what has not been shown. Stepping forward onto the live page is going live.

export class Place extends EventTarget {
  #lesson;
  #kept;
  #chosen = null; // null: following

  constructor(lesson, keepsake) {
    super();
    this.#lesson = lesson;
    this.#kept = keepsake;
    lesson.addEventListener("change", ({ detail: { keys, reset } }) => {
      if (reset || keys.has("slide") || keys.has("pages")) this.#moved();
    });
  }

  get following() {
    return this.#chosen === null;
  }

  get page() {
    return this.#chosen || this.#lesson.page;
  }

  get canBack() {
    return this.#at() > 0;
  }

  get canForward() {
    return this.#at() < this.#last();
  }

  back() {
    if (this.canBack) this.#choose(this.#at() - 1);
  }

  forward() {
    if (this.canForward) this.#choose(this.#at() + 1);
  }

  first() {
    if (this.canBack) this.#choose(0);
  }

  live() {
    this.#set(null);
  }

  #choose(index) {
    const page = this.#lesson.order[index];
    this.#set(page === this.#lesson.page ? null : page);
  }

  #set(page) {
    if (page === this.#chosen) return;
    this.#chosen = page;
    this.dispatchEvent(new Event("change"));
  }

  #moved() {
    const { order, page } = this.#lesson;
    const gone = this.#chosen && !order.includes(this.#chosen);
    if (gone || this.#chosen === page) this.#chosen = null;
    if (order.indexOf(page) > order.indexOf(this.#kept.get("furthest"))) this.#kept.set("furthest", page);
    this.dispatchEvent(new Event("change"));
  }

  // A live page that is outside the order (a skipped one) stands after all that are offered.
  #at() {
    const at = this.#lesson.order.indexOf(this.page);
    return at < 0 ? this.#last() + 1 : at;
  }

  #last() {
    const { order, page } = this.#lesson;
    return Math.max(order.indexOf(page), order.indexOf(this.#kept.get("furthest")));
  }
}
