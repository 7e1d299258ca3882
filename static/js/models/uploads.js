// PDFs on their way to the server. From then on the deck's register tells how it goes.
// An upload that the network breaks off is offered again; one that the server refuses says why.

import { upload } from "../helpers/upload.js";
import { verdict } from "../helpers/verdict.js";
import { explained } from "../helpers/words.js";

const LARGEST = 50 * 1024 * 1024; // the server's limit, told before the upload instead of after it

export class Uploads extends EventTarget {
  #code;
  #all = new Map(); // id -> {id, name, share, error, file, stop}
  #last = 0;

  constructor(code) {
    super();
    this.#code = code;
  }

  get all() {
    return [...this.#all.values()];
  }

  add(file) {
    const id = ++this.#last;
    const fault = faultOf(file);
    this.#put({ id, name: file.name, share: 0, error: fault, file, again: false });
    if (!fault) this.#send(id);
  }

  retry(id) {
    this.#put({ ...this.#all.get(id), share: 0, error: "" });
    this.#send(id);
  }

  // Stops it, if it is still under way.
  remove(id) {
    this.#all.get(id)?.stop?.abort();
    this.#all.delete(id);
    this.#changed();
  }

  async #send(id) {
    const stop = new AbortController();
    this.#put({ ...this.#all.get(id), stop });
    const onprogress = (share) => this.#all.has(id) && this.#put({ ...this.#all.get(id), share });
    try {
      await upload(this.#code, this.#all.get(id).file, { onprogress, signal: stop.signal });
      this.#all.delete(id);
      this.#changed();
    } catch (problem) {
      if (!this.#all.has(id)) return;
      const kind = verdict(problem);
      if (kind === "denied") this.dispatchEvent(new CustomEvent("denied"));
      const error = explained(problem, problem.message);
      this.#put({ ...this.#all.get(id), stop: null, again: kind === "denied" || kind === "wait", error });
    }
  }

  #put(one) {
    this.#all.set(one.id, one);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}

function faultOf({ name, type, size }) {
  if (type !== "application/pdf" && !/\.pdf$/i.test(name)) return "Only PDF files can be shown. Export the slides as PDF.";
  if (size > LARGEST) return "This PDF is larger than 50 MB.";
  return size ? "" : "This file is empty.";
}
