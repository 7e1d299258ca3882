// One EventSource, with its life told in plain calls: open, state, beat, end, lost. Nothing here decides
// what to do about it; Connection does. A closed Stream calls nobody, so its owner needs no guards.

export class Stream {
  #source;

  constructor(url, listener) {
    this.#source = new EventSource(url);
    const on = (type, run) => this.#source.addEventListener(type, (event) => this.#source && run(event));
    on("open", () => listener.open());
    on("state", (event) => listener.state(JSON.parse(event.data), event.lastEventId));
    on("beat", (event) => listener.beat(JSON.parse(event.data)));
    on("end", () => listener.end());
    on("error", () => listener.lost(this.gaveUp));
  }

  get open() {
    return this.#source !== null && this.#source.readyState === EventSource.OPEN;
  }

  // EventSource tries again by itself unless the answer was something else than a stream.
  get gaveUp() {
    return this.#source !== null && this.#source.readyState === EventSource.CLOSED;
  }

  close() {
    if (this.#source) this.#source.close();
    this.#source = null;
  }
}
