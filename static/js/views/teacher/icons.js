// Line icons, drawn on a grid of 24 and coloured like the text beside them. Decoration only: each has words with it.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  qr: "M4 4h6v6H4z M14 4h6v6h-6z M4 14h6v6H4z M14 14h2v2h-2z M18 18h2v2h-2z M18 14h2 M14 20h2",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M2.5 20c.4-3.8 3-6 6.5-6s6.1 2.2 6.5 6 M16 4.5a3.3 3.3 0 0 1 0 6.2 M18 14.6c2 .8 3.3 2.7 3.5 5.4",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3.5 2",
  timer: "M12 21a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15z M12 9.5V13.5 M9.5 2.5h5",
  black: "M3 5h18v12H3z M8 21h8",
  white: "M3 5h18v12H3z M8 21h8",
  more: "M5 12h.01 M12 12h.01 M19 12h.01",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  upload: "M12 16V4 M7 9l5-5 5 5 M4 16v4h16v-4",
  plus: "M12 5v14 M5 12h14",
  skip: "M3 3l18 18 M10.6 5.1A9.8 9.8 0 0 1 12 5c5 0 8.5 4 10 7a16 16 0 0 1-2.9 4 M6.5 6.6C4.3 8 2.8 10.1 2 12c1.5 3 5 7 10 7 1.9 0 3.6-.6 5-1.5",
  full: "M4 9V4h5 M15 4h5v5 M20 15v5h-5 M9 20H4v-5",
  screen: "M3 4h18v12H3z M12 16v4 M8 20h8",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8 M12 16.7h.01",
  pen: "M4 20l1-4L16.5 4.5l3 3L8 19z M14 7l3 3",
  highlighter: "M9 14l-3 3v2h4l2-2 M9 14l8-10 4 4-9 9z M3 22h18",
  laser: "M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4z M12 3v3 M12 18v3 M3 12h3 M18 12h3 M5.6 5.6l2.2 2.2 M16.2 16.2l2.2 2.2 M18.4 5.6l-2.2 2.2 M7.8 16.2l-2.2 2.2",
  eraser: "M8 20l-4.5-4.5a1.5 1.5 0 0 1 0-2L13 4l7 7-9 9z M8.5 8.5l7 7 M8 20h12",
  undo: "M9 14L4 9l5-5 M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "M15 14l5-5-5-5 M20 9H10a6 6 0 0 0 0 12h3",
  clear: "M4 7h16 M9 7V4h6v3 M6 7l1 13h10l1-13 M10 11v5 M14 11v5",
  blank: "M6 3h8l4 4v14H6z M14 3v4h4 M12 11v6 M9 14h6",
  close: "M6 6l12 12 M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7",
  download: "M12 4v12 M7 11l5 5 5-5 M4 20h16",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add(`icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// <i data-icon="pen"> in the page becomes the icon.
export function fillIcons(root = document) {
  for (const place of root.querySelectorAll("i[data-icon]")) place.replaceWith(icon(place.dataset.icon));
}
