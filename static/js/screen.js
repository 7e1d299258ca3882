// The projector's page: the slide and its ink alone, the way to join, and polls for the whole hall.

import { $, text } from "./helpers/dom.js";
import { request } from "./helpers/api.js";
import { code as spoken, parseCode } from "./helpers/format.js";
import { Connection } from "./models/connection.js";
import { Lesson } from "./models/lesson.js";
import { Announcer } from "./views/announcer.js";
import { keepAwake } from "./views/awake.js";
import { Badge } from "./views/badge.js";
import { Board } from "./views/board.js";
import { Stage } from "./views/stage.js";
import { Timer } from "./views/timer.js";
import { Veil } from "./views/veil.js";

const STILL = 2_500; // the controls leave after so long without the mouse

const code = parseCode(location.pathname) || "";
const lesson = new Lesson();
const connection = new Connection({ code });
const stage = new Stage($("#stage"), { lesson, prefetch: true });
const board = new Board(lesson, code, $("#poll"));
const veil = new Veil($("#veil"));
let cornerWanted = true;
let still = 0;

new Badge($("#badge"), connection, new Announcer($("#announcer")));
new Timer($("#timer"), { lesson, connection });

for (const node of document.querySelectorAll("[data-host]")) text(node, location.host);
for (const node of document.querySelectorAll("[data-code]")) text(node, spoken(code));
for (const node of document.querySelectorAll("[data-qr]")) node.src = `/api/lessons/${code}/qr.svg`;

connection.addEventListener("state", ({ detail }) => lesson.apply(detail));
connection.addEventListener("status", render);
lesson.addEventListener("change", render);
$("#full").addEventListener("click", full);
$("#code").addEventListener("click", corner);
$("#poll").addEventListener("click", render);
document.addEventListener("keydown", key);
for (const type of ["pointermove", "keydown"]) document.addEventListener(type, stir);
connection.addEventListener("status", keepAwake(() => connection.status !== "ended"));
stir();
connection.start();
render();
name();

function render() {
  const { page } = lesson;
  const { status } = connection;
  stage.show(page);
  $("#join").hidden = page !== null || status === "unknown";
  $("#corner").hidden = !cornerWanted || page === null || board.asking || lesson.screen !== "slide";
  $("#code").setAttribute("aria-pressed", String(cornerWanted));
  if (status === "unknown") veil.show("plain", "Check the address.", "No such lesson");
  else veil.show(page && lesson.screen !== "slide" ? lesson.screen : null);
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const run = { f: full, c: corner, p: () => (board.toggle(), render()) }[event.key.toLowerCase()];
  if (run) run();
}

// Not every browser can show a page in full; then the button does nothing worse than nothing.
function full() {
  const root = document.documentElement;
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
}

function corner() {
  cornerWanted = !cornerWanted;
  render();
}

function stir() {
  document.body.classList.remove("still");
  clearTimeout(still);
  still = setTimeout(() => document.body.classList.add("still"), STILL);
}

async function name() {
  try {
    const { data } = await request("GET", `/api/lessons/${code}`);
    text($("#title"), data.title);
    text($("#join-title"), data.title);
    document.title = `${data.title} · Projector`;
  } catch {
    // The code has to do for a title.
  }
}

export { lesson }; // for the console, and for tests that compare windows
