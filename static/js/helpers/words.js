// What a refusal or a failure means to the teacher, as a sentence about what to do. Pure: a problem in, words out.
//
// By the problem's type (docs/PROTOCOL.md, section 1). Where there is none, a proxy, a filter or nobody has answered.

export const FULL = "This lesson is full: clear some ink, or delete a poll. Page turns still work.";
export const TOO_LATE = "A change of yours came too late: another panel has changed the same since. Make it again if it should stand.";
export const OTHER_SITE = "The server does not take changes from this address. Open the panel at the address that the server is set up for; what waits here is kept.";
const LATER = "The server cannot take it just now. Try again in a moment.";

const TYPES = {
  "lesson-unknown": "There is no such lesson here. It may have been removed: start a new one on the start page.",
  "lesson-ended": "The lesson has ended: nothing can be added to it. Start a new lesson.",
  "lesson-full": FULL,
  "key-needed": "The lesson's key is needed again. Use the teacher link.",
  "owner-only": "Only the lesson's own key can do this. Open the panel by the link you got when the lesson was started.",
  "other-site": OTHER_SITE,
  "decks-full": "This lesson holds as many slides as it may. Start a new lesson for more.",
  "pages-full": "This lesson has as many pages as it may. Skip some that are not needed, then try again.",
  "disk-full": "The server has no room for more files. Tell the people who run it; all that is there stays.",
  "decks-busy": "Many PDFs are being prepared at the moment. Try again in a minute.",
  "decks-away": "The server cannot store slides at the moment. Try again in a minute.",
  "store-away": LATER,
  "too-many-guesses": "Too many codes were tried from this network. Wait a minute, then try again.",
};
const STATUSES = {
  413: "Something between here and the server does not take a file of this size. Try a smaller one, or another network.",
  429: "The server is asked too much from this network. Wait a minute, then try again.",
};

export function explained({ type, status, title, detail, errors }, offline = "No connection. Try again in a moment.") {
  if (!status) return offline;
  if (TYPES[type]) return TYPES[type];
  if (errors?.length) return `The server did not accept a change (${errors[0].path} ${errors[0].message}). Load this page again, then repeat it.`;
  if (title && detail && status < 500) return detail; // our server's own sentence
  if (STATUSES[status]) return STATUSES[status];
  return status >= 500 ? LATER : `The server, or something in front of it, refused this (HTTP ${status}). Try again, or use another network.`;
}
