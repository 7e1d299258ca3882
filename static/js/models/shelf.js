// Where the outbox keeps what waits, so that a reload while offline loses nothing.
//
// Rules: one shelf a panel, in localStorage, under the lesson's code and the panel's writer. A new panel takes over what earlier ones
// of the lesson left: should one of them still live, the same writes arrive twice with the same stamps, which is harmless.
// Bounded: MOST_BYTES of the newest entries, and nothing older than a day. The laser is not kept, nor pieces of strokes: they
// are worth nothing later. No storage (private windows, full disk): the outbox works all the same.

const MOST_BYTES = 1024 * 1024;
const OLDEST = 24 * 3600 * 1000;
const PAUSE = 300;
const PASSING = /^pointer$|^ink\/[^/]+\/[^/]+\/\d+$/;

export class Shelf {
  #prefix;
  #key;
  #storage;
  #timer = null;
  #entries = [];
  #kept = false;

  constructor({ code, writer, storage = localStorage }) {
    this.#prefix = `lectern/outbox/${code}/`;
    this.#key = this.#prefix + writer;
    this.#storage = storage;
  }

  load(now = Date.now()) {
    const found = [];
    for (const key of this.#keys()) {
      found.push(...parse(this.#storage.getItem(key)));
      this.#storage.removeItem(key);
    }
    const fresh = found.filter(({ stamp }) => Number.parseInt(stamp, 10) > now - OLDEST);
    if (fresh.length) this.keep(fresh, true);
    return fresh;
  }

  // Soon, since ink writes many times a second; `now` when the page is about to go.
  keep(entries, now = false) {
    this.#entries = entries;
    if (now) return this.#write();
    this.#timer ??= setTimeout(() => this.#write(), PAUSE);
  }

  #write() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const lasting = this.#entries.filter(({ key }) => !PASSING.test(key));
    if (!lasting.length && !this.#kept) return;
    try {
      if (lasting.length) this.#storage.setItem(this.#key, bounded(lasting));
      else this.#storage.removeItem(this.#key);
      this.#kept = lasting.length > 0;
    } catch {
      // Full or forbidden: what waits is then in memory alone.
    }
  }

  #keys() {
    try {
      const all = Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at));
      return all.filter((key) => key.startsWith(this.#prefix)).sort();
    } catch {
      return [];
    }
  }
}

function bounded(entries) {
  let kept = entries;
  let text = JSON.stringify(kept);
  while (text.length > MOST_BYTES && kept.length > 1) {
    kept = kept.slice(Math.ceil(kept.length / 2));
    text = JSON.stringify(kept);
  }
  return text;
}

function parse(text) {
  try {
    const entries = JSON.parse(text);
    if (!Array.isArray(entries)) return [];
    return entries.filter((entry) => entry?.key && entry?.stamp).map(({ key, value, stamp, group }) => ({ key, value, stamp, group }));
  } catch {
    return [];
  }
}
