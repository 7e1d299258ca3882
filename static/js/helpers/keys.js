// Keys of the panel, and of a clicker (which sends PageUp, PageDown, "." and sometimes B). Pure: an event in, a command out.

const PLAIN = {
  ArrowRight: "next", ArrowDown: "next", " ": "next", PageDown: "next", n: "next",
  ArrowLeft: "previous", ArrowUp: "previous", PageUp: "previous", p: "previous",
  Home: "first", End: "last", g: "goto", b: "black", ".": "black", w: "white",
  d: "draw", Escape: "leave", f: "fullscreen", "?": "help",
};
const WITH_CONTROL = { z: "undo", y: "redo" };

// null: not ours. A key held down turns one page, not ten: a finger that stays on the clicker must not skip.
export function command({ key, ctrlKey, metaKey, altKey, shiftKey, repeat }) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    if (name === "z" && shiftKey) return "redo";
    return WITH_CONTROL[name] ?? null;
  }
  const found = PLAIN[name] ?? null;
  return repeat && found ? "held" : found;
}

const CHOOSING = new Set(["button", "checkbox", "radio", "range", "color", "file", "submit", "reset"]);

// Whether the element takes the key itself, so that the panel must leave it alone.
export function belongsTo(element, key, byKeyboard) {
  if (!element?.closest) return false;
  if (element.closest("textarea, select, [contenteditable=true]")) return true;
  const input = element.closest("input");
  if (input && !CHOOSING.has(input.type)) return true;
  if (input?.type === "radio" || input?.type === "range") return true;
  // Space and Enter press what the keyboard has reached; after a click of the mouse Space is "next" again.
  return byKeyboard && (key === " " || key === "Enter") && Boolean(element.closest("button, a, summary, input"));
}
