// A small picture of a page, for lists. Loaded when it comes near the screen; one that fails shows the empty page
// and is asked for again, ever more slowly, as long as the list holds it.

import { el } from "../helpers/dom.js";
import { image, size } from "../models/pages.js";

const RETRY = [4_000, 60_000];

export function thumbnail(lesson, page, cssWidth = 160) {
  const [width, height] = size(lesson, page);
  const url = image(lesson, page, cssWidth * (devicePixelRatio || 1));
  const frame = el("span", { class: "thumbnail", style: { aspectRatio: `${width} / ${height}` } });
  if (url) frame.append(picture(url, width, height));
  return frame;
}

function picture(url, width, height) {
  let failures = 0;
  const again = () => {
    if (node.isConnected) node.src = url;
  };
  const node = el("img", {
    src: url, alt: "", loading: "lazy", width, height, draggable: "false",
    onload: () => node.classList.remove("missing"),
    onerror: () => {
      const [least, most] = RETRY;
      node.classList.add("missing");
      setTimeout(again, Math.min(most, least * 2 ** failures++) * (0.5 + Math.random()));
    },
  });
  return node;
}
