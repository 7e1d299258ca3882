// Fingers, mouse and keys on the slide: pinch, double tap, wheel and + - 0 zoom; one finger pans when zoomed
// and swipes to the next or the last page when not. The slide is moved by a transform alone.

const MOST = 6;
const STEP = 1.5;
const DOUBLE = 300; // ms between the taps of a double tap
const SLOP = 24; // px a tap may wander
const SWIPE = 48; // px
const NUDGE = 80; // px an arrow key pans

export class Zoom {
  #host;
  #stage;
  #onswipe;
  #scale = 1;
  #at = [0, 0];
  #fingers = new Map();
  #start = null; // where a single finger went down
  #tap = null;

  constructor(host, stage, { onswipe }) {
    this.#host = host;
    this.#stage = stage;
    this.#onswipe = onswipe;
    host.addEventListener("pointerdown", (event) => this.#down(event));
    host.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) host.addEventListener(type, (event) => this.#up(event));
    host.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#apply()).observe(host);
  }

  get zoomed() {
    return this.#scale > 1;
  }

  reset() {
    this.#scale = 1;
    this.#apply();
    this.#stage.sharpen(1);
  }

  // Keys that mean something here; true when this one did.
  key({ key }) {
    const nudges = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (key === "+" || key === "=") this.#scaleBy(STEP, this.#middle());
    else if (key === "-") this.#scaleBy(1 / STEP, this.#middle());
    else if (key === "0") this.reset();
    else if (this.zoomed && nudges[key]) this.#pan(...nudges[key].map((n) => n * NUDGE));
    else return false;
    return true;
  }

  #down(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    this.#host.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, [event.clientX, event.clientY]);
    const alone = this.#fingers.size === 1;
    this.#start = alone ? { x: event.clientX, y: event.clientY, swipes: event.pointerType !== "mouse" } : null;
  }

  #move({ pointerId, clientX, clientY }) {
    const before = this.#fingers.get(pointerId);
    if (!before) return;
    const now = [clientX, clientY];
    const others = [...this.#fingers].filter(([id]) => id !== pointerId);
    this.#fingers.set(pointerId, now);
    if (!others.length && this.zoomed) this.#pan(clientX - before[0], clientY - before[1]);
    if (others.length !== 1) return;
    const other = others[0][1];
    this.#pan((clientX - before[0]) / 2, (clientY - before[1]) / 2);
    this.#scaleBy(distance(now, other) / (distance(before, other) || 1), between(now, other), false);
  }

  #up(event) {
    if (!this.#fingers.delete(event.pointerId)) return;
    if (this.#start && event.type === "pointerup") this.#lift(event, this.#start);
    this.#start = null;
    if (!this.#fingers.size) this.#sharpen();
  }

  #lift({ clientX, clientY, timeStamp }, { x, y, swipes }) {
    const [dx, dy] = [clientX - x, clientY - y];
    if (Math.hypot(dx, dy) < SLOP) this.#tapped([clientX, clientY], timeStamp);
    else if (swipes && !this.zoomed && Math.abs(dx) > SWIPE && Math.abs(dx) > 1.5 * Math.abs(dy)) {
      this.#onswipe(dx < 0 ? "forward" : "back");
    }
  }

  #tapped(at, time) {
    const twice = this.#tap && time - this.#tap.time < DOUBLE && distance(at, this.#tap.at) < 2 * SLOP;
    this.#tap = twice ? null : { at, time };
    if (!twice) return;
    if (this.zoomed) this.reset();
    else this.#scaleBy(2.5, at);
  }

  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.#scaleBy(Math.exp(-event.deltaY / 200), [event.clientX, event.clientY]);
  }

  // Around a place on the screen, which stays where it is.
  #scaleBy(factor, [clientX, clientY], sharpen = true) {
    const scale = Math.min(MOST, Math.max(1, this.#scale * factor));
    const by = scale / this.#scale;
    const { left, top } = this.#stage.slide.getBoundingClientRect();
    this.#at = [this.#at[0] + (clientX - left) * (1 - by), this.#at[1] + (clientY - top) * (1 - by)];
    this.#scale = scale;
    this.#apply();
    if (sharpen) this.#sharpen();
  }

  #pan(dx, dy) {
    this.#at = [this.#at[0] + dx, this.#at[1] + dy];
    this.#apply();
  }

  // Keeps the slide over the host, or in its middle where it is smaller.
  #apply() {
    const { slide } = this.#stage;
    const boxes = [
      [slide.offsetLeft, slide.offsetWidth, this.#host.clientWidth],
      [slide.offsetTop, slide.offsetHeight, this.#host.clientHeight],
    ];
    this.#at = boxes.map(([start, size, room], i) => {
      const large = size * this.#scale;
      const middle = (room - large) / 2 - start;
      return large <= room ? middle : Math.max(room - large - start, Math.min(-start, this.#at[i]));
    });
    if (this.#scale === 1) this.#at = [0, 0];
    slide.style.transform = this.zoomed ? `translate(${this.#at[0]}px, ${this.#at[1]}px) scale(${this.#scale})` : "";
    this.#host.classList.toggle("zoomed", this.zoomed);
  }

  #sharpen() {
    this.#stage.sharpen(Math.ceil(this.#scale));
  }

  #middle() {
    const { left, top, width, height } = this.#host.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  }
}

function distance([ax, ay], [bx, by]) {
  return Math.hypot(ax - bx, ay - by);
}

function between([ax, ay], [bx, by]) {
  return [(ax + bx) / 2, (ay + by) / 2];
}
