// The one owner of a page's connection to its lesson: a stream, or the long poll, never both, so that an
// older write is never applied after a newer one. Whatever happens, it goes on from the cursor.
//
// - A stream that fails is retried by EventSource; where EventSource gives up, we ask the server why, then
//   try again after a jittered, growing pause.
// - Silence: after one missed beat the status is "delayed"; after two, one request shows whether the network
//   works at all, and if it does the long poll takes over; after 40 s the stream is opened anew.
// - A page that comes back opens its stream anew.
// - `status` says what is known to be true: "live" needs a recent, punctual event of the stream in use.

import { urls } from "../helpers/urls.js";
import { Detour } from "./detour.js";
import { Lag } from "./lag.js";
import { ask } from "./longpoll.js";
import { Stream } from "./stream.js";
import { verdict } from "./verdict.js";
import { watchPage } from "./wake.js";

const TICK = 1_000;
const FIRST_STATE = 6_000; // a page without any state asks for it after that long, stream or no stream
const TWO_MISSED = 32_000; // beats come every 15 s
const DEAD = 40_000;
const UNANSWERED = 150_000; // EventSource may be waiting as a full server told it to: leave it be so long
const DEADLINE = 8_000;
const BACK_OFF = [1_000, 30_000];
const GIVE_UP_POLLING = 2; // failures in a row: then it is the network, not the stream

export class Connection extends EventTarget {
  #urls;
  #cursor = null;
  #status = "connecting";
  #lag = new Lag();
  #stream = null;
  #detour = null;
  #ticking = null;
  #unwatch = null;
  #asking = false;
  #fresh = false; // the source in use has delivered something since it was opened
  #seen = false; // there has been a state at all
  #heard = 0;
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

  // The server's clock minus ours, in ms.
  get offset() {
    return this.#lag.offset;
  }

  start() {
    if (this.#ticking) return;
    this.#ticking = setInterval(() => this.#tick(), TICK);
    this.#unwatch = watchPage({
      woke: () => this.#open(),
      left: () => this.#close(),
      offline: () => this.#doubt(),
    });
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
    this.#heard = Date.now();
    this.#lag.restart();
    this.#stream = new Stream(this.#urls.events(this.#cursor), {
      open: () => (this.#heard = Date.now()),
      state: (data, cursor) => this.#take(data, cursor),
      beat: (data) => this.#beat(data),
      end: () => this.#finish("ended"),
      lost: (gaveUp) => this.#lost(gaveUp),
    });
    this.#judge();
  }

  #close() {
    for (const source of [this.#stream, this.#detour]) if (source) source.close();
    this.#stream = this.#detour = null;
    this.#doubt();
  }

  #doubt() {
    this.#fresh = false;
    this.#judge();
  }

  #take(data, cursor) {
    this.#heard = Date.now();
    this.#cursor = cursor || this.#cursor;
    this.#fresh = this.#seen = true;
    this.#failures = 0;
    this.#tell("state", data);
    this.#judge();
  }

  #beat(data) {
    this.#heard = Date.now();
    this.#fresh = this.#seen;
    this.#lag.beat(data.now);
    this.#tell("beat", data);
    this.#judge();
  }

  #lost(gaveUp) {
    if (gaveUp) {
      this.#close();
      this.#inquire();
    } else this.#doubt();
  }

  // EventSource does not say why it gave up: an ended lesson, an unknown one, a key refused, a proxy.
  async #inquire() {
    const [least, most] = BACK_OFF;
    const pause = Math.min(most, least * 2 ** this.#failures++) * (0.5 + Math.random());
    this.#openAt = Date.now() + pause;
    await this.#asked(async () => {
      const lesson = await ask(this.#urls.lesson, DEADLINE);
      const state = await ask(this.#urls.state(this.#cursor), DEADLINE);
      if (this.#stream || this.#detour || !this.#ticking) return;
      const failures = this.#failures;
      this.#take(state, state.cursor);
      this.#failures = failures; // requests work; it is the streams that fail
      this.#doubt();
      if (lesson.status === "ended") this.#finish("ended");
    });
  }

  #tick() {
    const now = Date.now();
    const silence = now - this.#heard;
    if (this.#detour) this.#detour.tick();
    else if (!this.#stream) now >= this.#openAt && this.#open();
    else if (silence > (this.#stream.open ? DEAD : UNANSWERED)) this.#open();
    else if (silence > TWO_MISSED || (!this.#seen && now > this.#impatience)) this.#probe();
    this.#judge();
  }

  // Do requests work while the stream is silent? Should the stream wake up meanwhile, its word counts.
  #probe() {
    const [stream, heard] = [this.#stream, this.#heard];
    return this.#asked(async () => {
      const state = await ask(this.#urls.state(this.#cursor), DEADLINE);
      if (this.#stream !== stream || this.#heard !== heard) return;
      this.#close();
      this.#take(state, state.cursor);
      this.#detour = this.#goRound();
      this.#judge();
    });
  }

  #goRound() {
    const events = () => this.#urls.events(this.#cursor);
    const state = (wait) => this.#urls.state(this.#cursor, wait);
    return new Detour({ events, state }, {
      state: (data, cursor) => this.#take(data, cursor),
      beat: (data) => this.#tell("beat", data),
      end: () => this.#finish("ended"),
      recovered: () => this.#open(),
      failed: (error, times) => this.#refused(error) || times < GIVE_UP_POLLING || this.#open(),
    });
  }

  async #asked(question) {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await question();
    } catch (error) {
      this.#refused(error);
    } finally {
      this.#asking = false;
    }
  }

  // An answer that will not change by asking again ends the connection; anything else is tried again.
  #refused({ status }) {
    if (status === 404) this.#finish("unknown");
    if (status === 401 || status === 403) this.#finish("denied");
    return status === 404 || status === 401 || status === 403;
  }

  #finish(status) {
    this.stop();
    this.#set(status);
    if (status === "ended") this.#tell("end");
  }

  #judge() {
    if (!this.#ticking) return;
    const polling = this.#detour && (this.#detour.failing ? "failing" : "well");
    const [silence, late] = [Date.now() - this.#heard, this.#lag.late];
    this.#set(verdict({ silence, late, fresh: this.#fresh, seen: this.#seen, polling }));
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
