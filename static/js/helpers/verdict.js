// What a failed write means for the outbox. Pure: a problem in, a word out.
//
// Our server's word is the problem's type. Without one the status may be a proxy's, a filter's or a router's: what it says of
// the lesson is not believed, and the write waits; what it says of the request (too large, not understood) is.
//
// "ended", "full", "denied" (the key is asked for), "wait" (try again), or "refused" (what is refused is dropped alone).

const TYPES = {
  "lesson-ended": "ended",
  "lesson-full": "full",
  "key-needed": "denied",
  "lesson-unknown": "wait", // a store that came back empty may be filled again
  "other-site": "wait", // the address is wrong, or what stands in front: no key helps, and nothing is lost by waiting
  "store-away": "wait",
  "owner-only": "refused",
  "decks-full": "refused",
  "pages-full": "refused",
};
const PASSING = new Set([403, 404, 408, 409, 421, 425, 429]);

export function verdict({ type, status }) {
  if (TYPES[type]) return TYPES[type];
  if (!(status >= 400 && status < 500)) return "wait";
  if (status === 401) return "denied";
  return PASSING.has(status) ? "wait" : "refused";
}

// Whether a smaller request may get through where this one did not: no answer in time, or one that its length provokes.
export const tooSlow = ({ status }) => status === undefined || status === 408 || status === 502 || status === 504;
