// The one owner of a page's connection to its lesson: a stream, or the long poll, never both, so that an
// older write is never applied after a newer one. Whatever happens, it goes on from the cursor.
//
// - A stream that fails is retried by EventSource; where EventSource gives up, we ask the server why, then
//   try again after a jittered, growing pause.
// - Silence: after one missed beat the status is "delayed"; after two, one request shows whether the network
//   works at all, and if it does the long poll takes over; after 40 s the stream is opened anew.
// - A page that comes back opens its stream anew.
// - `offset` is the server's clock minus ours. `status` says what is known to be true: "live" needs a recent, punctual event of the stream in use.

import { backOff } from "../helpers/backoff.js";
import { urls } from "../helpers/urls.js";
import { Detour } from "./detour.js";
import { ask } from "./longpoll.js";
import { Pulse } from "./pulse.js";
import { Stream } from "./stream.js";
import { watchPage } from "./wake.js";

const TICK = 1_000;
const FIRST_STATE = 6_000; // a page without any state asks for it after that long, stream or no stream
const TWO_MISSED = 32_000; // beats come every 15 s
const DEAD = 40_000;
const UNANSWERED = 150_000; // EventSource may be waiting as a full server told it to: leave it be so long
const DEADLINE = 8_000;
const RETRY = [1_000, 30_000];
const GIVE_UP_POLLING = 2; // failures in a row: then it is the network, not the stream
const FINAL = { 404: "unknown", 401: "denied", 403: "denied" }; // answers that asking again will not change

export class Connection extends EventTarget {
  #urls;
  #cursor = null;
  #status = "connecting";
  #pulse = new Pulse();
  #stream = null;
  #detour = null;
  #ticking = null;
  #unwatch = null;
  #asking = false;
  #openAt = 0; // when to open a stream after one that gave up
  #failures = 0;
  #impatience = 0;

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
    this.#impatience = Date.now() + FIRST_STATE * (1 + Math.random() / 2);
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
    this.#stream = new Stream(this.#urls.events(this.#cursor), {
      open: () => this.#pulse.hear(),
      state: (data, cursor) => this.#take(data, cursor),
      beat: (data) => this.#beat(data),
      end: () => this.#finish("ended"),
      lost: (gaveUp) => (gaveUp ? this.#inquire() : this.#doubt()),
    });
    this.#judge();
  }

  #close() {
    for (const source of [this.#stream, this.#detour]) if (source) source.close();
    this.#stream = this.#detour = null;
    this.#doubt();
  }

  #doubt() {
    this.#pulse.doubt();
    this.#judge();
  }

  #take(data, cursor) {
    this.#cursor = cursor || this.#cursor;
    this.#pulse.state();
    if (this.#stream) this.#failures = 0;
    this.#tell("state", data);
    this.#judge();
  }

  #beat(data) {
    this.#pulse.beat(data);
    this.#tell("beat", data);
    this.#judge();
  }

  // EventSource does not say why it gave up: an ended lesson, an unknown one, a key refused, a proxy.
  #inquire() {
    this.#close();
    this.#openAt = Date.now() + backOff(RETRY, this.#failures++);
    this.#asked(async () => {
      const state = await ask(this.#urls.state(this.#cursor), DEADLINE);
      if (this.#stream || this.#detour || !this.#ticking) return;
      this.#take(state, state.cursor);
      this.#doubt();
      await this.#endIfOver();
    });
  }

  async #endIfOver() {
    const lesson = await ask(this.#urls.lesson, DEADLINE);
    if (lesson.status === "ended") this.#finish("ended");
  }

  #tick() {
    const { silence, seen } = this.#pulse;
    if (this.#detour) this.#detour.tick();
    else if (!this.#stream) Date.now() >= this.#openAt && this.#open();
    else if (silence > (this.#stream.open ? DEAD : UNANSWERED)) this.#open();
    else if (silence > TWO_MISSED || (!seen && Date.now() > this.#impatience)) this.#probe();
    this.#judge();
  }

  // Do requests work while the stream is silent? Should the stream wake up meanwhile, its word counts.
  #probe() {
    const [stream, heard] = [this.#stream, this.#pulse.heard];
    this.#asked(async () => {
      const state = await ask(this.#urls.state(this.#cursor), DEADLINE);
      if (this.#stream !== stream || this.#pulse.heard !== heard) return;
      this.#close();
      this.#take(state, state.cursor);
      this.#detour = this.#goRound();
      this.#judge();
    });
  }

  #goRound() {
    return new Detour({
      events: () => this.#urls.events(this.#cursor),
      question: (wait) => this.#urls.state(this.#cursor, wait),
      state: (data, cursor) => this.#take(data, cursor),
      beat: (data) => this.#tell("beat", data),
      end: () => this.#finish("ended"),
      idle: () => this.#asked(() => this.#endIfOver()),
      recovered: () => this.#open(),
      failed: (error, times) => this.#final(error) || (times < GIVE_UP_POLLING ? this.#judge() : this.#open()),
    });
  }

  // One question at a time. No answer is no news: the clock goes on, and it is asked again.
  #asked(question) {
    if (this.#asking) return;
    this.#asking = true;
    question().catch((error) => this.#final(error)).finally(() => (this.#asking = false));
  }

  // Only our server's own word is final; a proxy's error page has no title.
  #final({ status, title }) {
    const final = title && FINAL[status];
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
