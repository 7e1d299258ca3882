// A small picture of a page, for lists. Loaded when it comes near the screen.

import { el } from "../helpers/dom.js";
import { image, size } from "../models/pages.js";

export function thumbnail(lesson, page, cssWidth = 160) {
  const [width, height] = size(lesson, page);
  const url = image(lesson, page, cssWidth * (devicePixelRatio || 1));
  const frame = el("span", { class: "thumbnail", style: { aspectRatio: `${width} / ${height}` } });
  if (url) frame.append(el("img", { src: url, alt: "", loading: "lazy", width, height, draggable: "false" }));
  return frame;
}
