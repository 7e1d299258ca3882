// Pages by their id: "<deck>-<number>" of a deck, or "blank-<number>".

const USUAL_SIZE = [1600, 900];

export function parse(page) {
  const [, deck, number] = /^(.+)-(\d+)$/.exec(page) || [null, page, "1"];
  return deck === "blank" ? { blank: Number(number) } : { deck, number: Number(number) };
}

// A blank page is as large as the first deck's first page, so that the letterbox does not jump.
export function size(lesson, page) {
  const { deck, number = 1 } = parse(page);
  const sizes = sizesOf(deck ? lesson.get(`deck/${deck}`) : firstDeck(lesson));
  return sizes[number - 1] || sizes[0] || USUAL_SIZE;
}

// The address of the page's picture: the narrowest that fills so many device pixels, else the widest.
// null: a blank page, an unknown deck, or a page that is not rendered yet.
export function image(lesson, page, pixels) {
  const { deck, number } = parse(page);
  const register = deck ? lesson.get(`deck/${deck}`) : null;
  if (!register || !rendered(register, number)) return null;
  const widths = [...register.widths].sort((a, b) => a - b);
  const width = widths.find((w) => w >= pixels) || widths[widths.length - 1];
  return fill(register.url, deck, number, width);
}

export function text(page) {
  const { deck, number } = parse(page);
  return deck ? `/decks/${deck}/${number}.txt` : null;
}

function rendered({ status, done, url, widths }, number) {
  if (!url || !widths || !widths.length) return false;
  return status === "ready" || number <= (done || 0);
}

function fill(url, deck, number, width) {
  return url.replace("{id}", deck).replace("{number}", number).replace("{width}", width);
}

// The deck that comes first in the order of pages; before there is an order, any.
function firstDeck(lesson) {
  const first = lesson.order.map(parse).find(({ deck }) => deck);
  if (first) return lesson.get(`deck/${first.deck}`);
  const decks = lesson.below("deck/");
  return decks.length ? decks[0][1] : null;
}

function sizesOf(register) {
  return (register && register.sizes) || [];
}
