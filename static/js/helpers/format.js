// How values are shown to people, and read back from them.

const CROCKFORD = /^[0-9a-hjkmnp-tv-z]{6}$/;

// "k7p4qx" -> "K7P 4QX"
export function code(lesson) {
  const upper = lesson.toUpperCase();
  return `${upper.slice(0, 3)} ${upper.slice(3)}`;
}

// What somebody typed or pasted -> a lesson's code, or null. Any case, spaces, hyphens and a whole
// link are accepted; o is 0, i and l are 1, as Crockford has it.
export function parseCode(typed) {
  const last = typed.trim().toLowerCase().replace(/[?#].*$/, "").split("/").filter(Boolean).pop() || "";
  const plain = last.replace(/[\s\u2010-\u2015-]/g, "").replace(/o/g, "0").replace(/[il]/g, "1");
  return CROCKFORD.test(plain) ? plain : null;
}

// Milliseconds -> "4:05" or "1:04:05"; what is over is "0:00". A part of a second counts as a whole
// one, so that a timer of five minutes starts at 5:00 and ends at 0:00.
export function clock(ms) {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

// 0 -> "A": options are spoken of by letter.
export function letter(index) {
  return String.fromCharCode(65 + index);
}
