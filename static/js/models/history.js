// Undo and redo of ink, page by page: undoing on one page never changes another, which nobody sees at that moment.
//
// An action tells the strokes it brought and the strokes it took away, as [key, value] pairs, and whether it cleared the page.
// Undoing is writing again, with new stamps: a stroke that comes back is a new write of the same register.
// Bounded: the oldest of MOST actions a page is forgotten.

const MOST = 200;

export class History extends EventTarget {
  #done = new Map(); // page -> [action, ...]
  #undone = new Map();

  // {added: [[key, value]], removed: [[key, value]], cleared: bool}
  record(page, { added = [], removed = [], cleared = false }) {
    if (!added.length && !removed.length) return;
    push(this.#done, page, { added, removed, cleared });
    this.#undone.delete(page);
    this.#changed();
  }

  canUndo(page) {
    return Boolean(this.#done.get(page)?.length);
  }

  canRedo(page) {
    return Boolean(this.#undone.get(page)?.length);
  }

  // The writes that undo the page's last action, or none.
  undo(page) {
    const action = this.#done.get(page)?.pop();
    if (!action) return [];
    push(this.#undone, page, action);
    this.#changed();
    return [...action.added.map(([key]) => [key, null]), ...action.removed];
  }

  // `present`: the page's strokes now. Clearing again takes away what another panel has drawn since, so that is
  // remembered with the action, and undo brings it back too.
  redo(page, present = []) {
    const action = this.#undone.get(page)?.pop();
    if (!action) return [];
    if (action.cleared) action.removed = present;
    push(this.#done, page, action);
    this.#changed();
    if (action.cleared) return [[`ink/${page}/`, null]];
    return [...action.removed.map(([key]) => [key, null]), ...action.added];
  }

  // The server has refused to bring these strokes: what would have brought them counts as not done, and can be done again.
  refused(page, keys) {
    const lacks = (strokes) => strokes.some(([key]) => keys.has(key));
    const moved = [move(this.#done, this.#undone, page, ({ added }) => lacks(added)),
      move(this.#undone, this.#done, page, ({ removed }) => lacks(removed))];
    if (moved.some(Boolean)) this.#changed();
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}

function move(from, to, page, test) {
  const found = (from.get(page) ?? []).filter(test);
  for (const action of found) push(to, page, action);
  if (found.length) from.set(page, from.get(page).filter((action) => !found.includes(action)));
  return found.length > 0;
}

function push(stacks, page, action) {
  stacks.set(page, [...(stacks.get(page) ?? []), action].slice(-MOST));
}
