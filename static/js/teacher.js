// The teacher's panel: all its parts, wired in one place.

import { request } from "./helpers/api.js";
import { $ } from "./helpers/dom.js";
import { FULL, OTHER_SITE, TOO_LATE, explained } from "./helpers/words.js";
import { Clock, dateOf } from "./models/clock.js";
import { Connection } from "./models/connection.js";
import { Desk } from "./models/desk.js";
import { Lesson } from "./models/lesson.js";
import { Mirror } from "./models/mirror.js";
import { Outbox } from "./models/outbox.js";
import { Shelf } from "./models/shelf.js";
import { Toolbox } from "./models/toolbox.js";
import { Tuner } from "./models/tuner.js";
import { Uploads } from "./models/uploads.js";
import { keepAwake } from "./views/awake.js";
import { Bar } from "./views/teacher/bar.js";
import { Board } from "./views/teacher/board.js";
import { goTo, showKeys } from "./views/teacher/dialogs.js";
import { Entry } from "./views/teacher/entry.js";
import { Files } from "./views/teacher/files.js";
import { fillIcons } from "./views/teacher/icons.js";
import { Inkpad } from "./views/teacher/inkpad.js";
import { Keyboard } from "./views/teacher/keyboard.js";
import { Menu } from "./views/teacher/menu.js";
import { Notes } from "./views/teacher/notes.js";
import { PageMenu } from "./views/teacher/pagemenu.js";
import { Polls } from "./views/teacher/polls.js";
import { Progress } from "./views/teacher/progress.js";
import { Says } from "./views/teacher/says.js";
import { Side } from "./views/teacher/side.js";
import { Strip } from "./views/teacher/strip.js";
import { Timer } from "./views/teacher/timer.js";
import { Tools } from "./views/teacher/tools.js";

const code = location.pathname.split("/").filter(Boolean).pop();
const path = `/api/lessons/${code}`;

fillIcons();
const says = new Says($("#says"));
const entry = new Entry(code);
const { key, now } = await entry.open();

const clock = new Clock();
if (now) clock.guess(now);
const lesson = new Lesson();
const mirror = new Mirror(lesson, () => says.say(TOO_LATE, "fault"));
const send = async (writes, signal) => {
  const { data, headers } = await request("POST", `${path}/state`, { json: { writes }, signal });
  return { ...data, date: dateOf(headers) };
};
const outbox = new Outbox({ send, clock, store: new Shelf({ code, writer: clock.writer }) });
const desk = new Desk({ lesson, mirror, outbox });
const toolbox = new Toolbox();
const uploads = new Uploads(code);
const tuner = new Tuner({ clock, send, lesson, over: () => desk.ended });
const connection = new Connection({ code, as: "teacher" });
const parts = { code, desk, outbox, clock, connection, says, toolbox, uploads, denied };

const bar = new Bar(parts);
const board = new Board(parts);
new Inkpad($("#stage"), { ...parts, stage: board.stage });
new Tools($("#tools"), parts);
new Timer(parts);
new Notes(parts);
const pageMenu = new PageMenu(parts);
new Strip({ ...parts, menu: (page, button) => pageMenu.open(page, button) });
new Side();
new Polls(parts);
new Progress(parts);
new Files(parts);
const menu = new Menu(parts);
new Keyboard({
  next: () => desk.step(1),
  previous: () => desk.step(-1),
  first: () => desk.first(),
  last: () => desk.last(),
  goto: () => goTo(desk),
  black: () => desk.screen("black"),
  white: () => desk.screen("white"),
  draw: () => toolbox.toggle(),
  leave: () => toolbox.putDown(),
  undo: () => desk.undo(),
  redo: () => desk.redo(),
  fullscreen: () => menu.fullscreen(),
  help: showKeys,
});
if (key) menu.offerLink(key);

connection.addEventListener("state", ({ detail }) => mirror.hear(detail));
connection.addEventListener("beat", () => clock.sync(connection.offset));
connection.addEventListener("end", () => outbox.end());
outbox.addEventListener("ended", keepAwake(() => !desk.ended));
connection.addEventListener("status", () => {
  if (connection.status === "denied") denied();
  if (connection.status === "live" && !desk.ended) tuner.run();
});
outbox.addEventListener("denied", denied);
uploads.addEventListener("denied", denied);
outbox.addEventListener("refused", ({ detail: { problem } }) => says.say(explained(problem), "fault"));
outbox.addEventListener("room", () => says.unsay(FULL));
outbox.addEventListener("waits", ({ detail: { problem } }) => problem.type === "other-site" && says.say(OTHER_SITE, "fault"));
outbox.addEventListener("sent", () => says.unsay(OTHER_SITE));
// A clock that was set, or a stamp of ours that lost: the lesson's newest stamp may be ahead of the clock.
clock.addEventListener("shift", () => !desk.ended && tuner.run());
outbox.addEventListener("sent", ({ detail }) => detail.writes.some(({ applied }) => !applied) && tuner.run());

board.show();
connection.start();
outbox.flush();
about();

// The cookie has run out: ask for the key again. What waits goes on waiting.
async function denied() {
  await entry.ask("You are signed out: this visit is over, or its key was taken back. Nothing is lost: what waits is sent once you are back.");
  outbox.resume();
  connection.start();
}

async function about() {
  try {
    const { data } = await request("GET", path);
    bar.about(data);
    if (data.status === "ended") outbox.end();
  } catch (problem) {
    if (problem.type === "lesson-unknown") return says.say(explained(problem), "fault");
    setTimeout(about, 3000);
  }
}

export { lesson }; // for the console, and for tests that compare windows
