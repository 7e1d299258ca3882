// The one owner of a page's connection to its lesson: a stream, or the long poll, never both, so that an
// older write is never applied after a newer one. Whatever happens, it goes on from the cursor.
//
// - A stream that fails is retried by EventSource; where EventSource gives up, we ask the server why, then
//   try again after a jittered, growing pause.
// - Silence: after one missed beat the status is "delayed". After two, and where a stream's first state does not come, one
//   request takes the stream's place: it shows whether the network works at all, and, unlike a stream, whether something is
//   coming, however slowly. It has the line for itself and as long as bytes flow; then the long poll takes over.
// - A page that comes back opens its stream anew.
// - `offset` is the server's clock minus ours. `status` says what is known to be true: "live" needs a recent, punctual event of the stream in use.

import { ask } from "../helpers/api.js";
import { backOff } from "../helpers/backoff.js";
import { urls } from "../helpers/urls.js";
import { Detour } from "./detour.js";
import { Pulse } from "./pulse.js";
import { Stream } from "./stream.js";
import { watchPage } from "./wake.js";

const TICK = 1_000;
const FIRST_STATE = 6_000; // it comes at once, or the network is slow or holds it back
const TWO_MISSED = 32_000; // beats come every 15 s
const SILENCE = 8_000; // of an answer
const RETRY = [1_000, 30_000];
const GIVE_UP_POLLING = 2; // failures in a row: then it is the network, not the stream
const FINAL = { "lesson-unknown": "unknown", "key-needed": "denied" }; // answers that asking again will not change

export class Connection extends EventTarget {
  #urls;
  #cursor = null;
  #status = "connecting";
  #pulse = new Pulse();
  #stream = null;
  #detour = null;
  #ticking = null;
  #unwatch = null;
  #asking = null; // the way to stop the question that is under way
  #openAt = 0; // when to open a stream after one that gave up
  #failures = 0;
  #due = Infinity; // when the stream's first state is

  constructor({ code, as = "viewer" }) {
    super();
    this.#urls = urls(code, as);
  }

  get status() {
    return this.#status;
  }

  get offset() {
    return this.#pulse.offset;
  }

  start() {
    if (this.#ticking) return;
    this.#ticking = setInterval(() => this.#tick(), TICK);
    this.#unwatch = watchPage({ woke: () => this.#open(), left: () => this.#close(), offline: () => this.#doubt() });
    this.#open();
  }

  stop() {
    if (!this.#ticking) return;
    clearInterval(this.#ticking);
    this.#ticking = null;
    this.#unwatch();
    this.#close();
  }

  // The named place where a page joins and resumes: by a new stream, everything since the cursor.
  #open() {
    this.#close();
    this.#pulse.opened();
    this.#await(!this.#pulse.seen);
    this.#stream = new Stream(this.#urls.events(this.#cursor), {
      open: () => (this.#pulse.opened(), this.#await(true)),
      state: (data, cursor) => this.#take(data, cursor),
      beat: (data) => this.#beat(data),
      end: () => this.#finish("ended"),
      lost: (gaveUp) => (gaveUp ? this.#inquire() : this.#doubt()),
    });
    this.#judge();
  }

  // A page that has something to show leaves EventSource the time it takes to get through.
  #await(wanted) {
    this.#due = wanted ? performance.now() + FIRST_STATE * (1 + Math.random() / 2) : Infinity;
  }

  #close() {
    this.#asking?.abort();
    this.#asking = null;
    for (const source of [this.#stream, this.#detour]) if (source) source.close();
    this.#stream = this.#detour = null;
    this.#doubt();
  }

  #doubt() {
    if (this.#pulse.seen) this.#await(false);
    this.#pulse.doubt();
    this.#judge();
  }

  #take(data, cursor) {
    this.#cursor = cursor || this.#cursor;
    this.#pulse.state();
    this.#await(false);
    if (this.#stream) this.#failures = 0;
    this.#tell("state", data);
    this.#judge();
  }

  #beat(data) {
    this.#pulse.beat(data);
    this.#tell("beat", data);
    this.#judge();
  }

  // A request in the stream's place, and `then` what follows its answer. Should it fail, a stream is opened anew.
  #question(then) {
    this.#close();
    this.#openAt = performance.now() + backOff(RETRY, this.#failures++);
    this.#asked(async (signal) => {
      const state = await ask(this.#urls.state(this.#cursor), SILENCE, signal);
      this.#take(state, state.cursor);
      await then(signal);
    });
  }

  // EventSource does not say why it gave up: an ended lesson, an unknown one, a key refused, a proxy.
  #inquire() {
    this.#question((signal) => {
      this.#doubt();
      return this.#endIfOver(signal);
    });
  }

  async #endIfOver(signal) {
    const lesson = await ask(this.#urls.lesson, SILENCE, signal);
    if (lesson.status === "ended") this.#finish("ended");
  }

  #tick() {
    if (this.#detour) this.#detour.tick();
    else if (!this.#stream) !this.#asking && performance.now() >= this.#openAt && this.#open();
    else if (this.#pulse.silence > TWO_MISSED || performance.now() > this.#due) this.#question(() => this.#goRound());
    this.#judge();
  }

  #goRound() {
    this.#detour = new Detour({
      events: () => this.#urls.events(this.#cursor),
      question: (wait) => this.#urls.state(this.#cursor, wait),
      state: (data, cursor) => this.#take(data, cursor),
      beat: (data) => this.#tell("beat", data),
      end: () => this.#finish("ended"),
      idle: () => this.#asked((signal) => this.#endIfOver(signal)),
      recovered: () => this.#open(),
      failed: (error, times) => this.#final(error) || (times < GIVE_UP_POLLING ? this.#judge() : this.#open()),
    });
    this.#judge();
  }

  // One question at a time. No answer is no news: the clock goes on, and it is asked again.
  #asked(question) {
    if (this.#asking) return;
    const mine = (this.#asking = new AbortController());
    question(mine.signal).catch((error) => this.#final(error)).finally(() => this.#asking === mine && (this.#asking = null));
  }

  // Only our server's own word is final; a proxy's error page has no type.
  #final({ type }) {
    const final = FINAL[type];
    if (final) this.#finish(final);
    return final;
  }

  #finish(status) {
    this.stop();
    this.#set(status);
    if (status === "ended") this.#tell("end");
  }

  #judge() {
    const polling = this.#detour && (this.#detour.failing ? "failing" : "well");
    if (this.#ticking) this.#set(this.#pulse.verdict(polling));
  }

  #set(status) {
    if (status === this.#status) return;
    this.#status = status;
    this.#tell("status", status);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
