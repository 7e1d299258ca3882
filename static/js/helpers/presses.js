// How a press of the teacher is written: with its stamp, without, or once more. Pure.
//
// A fresh press that is beaten by the stamp of another panel was later all the same, for its teacher had seen what beat it; only
// the clocks disagree. It insists: once more without a stamp, for the server to stamp it after everything it has. Once only, and
// not after a failure, since without a stamp a repetition is no longer harmless.
// While the lesson's stamps are further ahead of the server's clock than any of ours may be (`outrun`, models/clock.js), no stamp
// can win: what is recent goes without from the start. What has waited longer keeps its stamp: a turn of an hour ago must not
// undo another panel's.

const FRESH = 3000;
const RECENT = 30_000;
const INSISTS = /^(slide|screen|timer|pages|poll\/.+|notes\/.+|ink\/[^/]+\/)$/;
const STROKE = /^ink\/[^/]+\/[^/]+$/;
const PIECES = /^ink\/[^/]+\/[^/]+\/$/;

// Of ink, only that it goes: it was seen. A stroke that a clear has beaten must not come back, unless no stamp can win: the
// clear's then says nothing of which was later.
export function insists({ key, value, at, insists: again }, now, outrun) {
  return !again && now - at < FRESH && (outrun || INSISTS.test(key) || (value === null && STROKE.test(key)));
}

// The entry as it goes to the server.
export function written({ key, value, stamp, insists: again, at }, now, outrun) {
  return again || (outrun && now - at < RECENT) ? { key, value } : { key, value, stamp };
}

// Whether a full lesson may have place after it.
export const frees = ({ key, value }) => value === null && key !== "pointer" && !PIECES.test(key);
