// The student's page: wiring only. What it knows is in models, what it shows in views.

import { $, text } from "./helpers/dom.js";
import { request } from "./helpers/api.js";
import { code as spoken, parseCode } from "./helpers/format.js";
import { Archive } from "./models/archive.js";
import { Ballots } from "./models/ballots.js";
import { Connection } from "./models/connection.js";
import { Keepsake } from "./models/keepsake.js";
import { Lesson } from "./models/lesson.js";
import { Place } from "./models/place.js";
import { Texts } from "./models/texts.js";
import { Announcer } from "./views/announcer.js";
import { keepAwake } from "./views/awake.js";
import { Badge } from "./views/badge.js";
import { PollSheet } from "./views/pollsheet.js";
import { Reading } from "./views/reading.js";
import { Stage } from "./views/stage.js";
import { Timer } from "./views/timer.js";
import { Turning } from "./views/turning.js";

const code = parseCode(location.pathname) || location.pathname.slice(1);
const lesson = new Lesson();
const keepsake = new Keepsake(code);
const connection = new Connection({ code });
const archive = new Archive({ code, lesson });
const ballots = new Ballots({ code, lesson, keepsake });
const place = new Place(lesson, keepsake);
const announcer = new Announcer($("#announcer"));
const stage = new Stage($("#stage"), { lesson, prefetch: true });
const reading = new Reading({
  section: $("#reading"),
  heading: $("#reading-of"),
  words: $("#words"),
  button: $("#read"),
  texts: new Texts(lesson),
});

new Badge($("#badge"), connection, announcer);
new Timer($("#timer"), { lesson, connection });
new Turning({ lesson, place, stage, reading, announcer, connection, archive });
new PollSheet(
  {
    sheet: $("#sheet"),
    state: $("#poll-state"),
    pager: $("#poll-pager"),
    before: $("#poll-before"),
    after: $("#poll-after"),
    place: $("#poll-place"),
    hide: $("#poll-hide"),
    opener: $("#poll"),
    form: $("#ballot"),
    question: $("#question"),
    hint: $("#hint"),
    options: $("#options"),
    receipt: $("#receipt"),
    button: $("#vote"),
  },
  { lesson, ballots, announcer },
);

connection.addEventListener("state", ({ detail }) => {
  archive.record(detail);
  lesson.apply(detail);
});
connection.addEventListener("status", () => connection.status === "live" && ballots.hurry());
connection.addEventListener("status", keepAwake(() => !["ended", "unknown", "denied"].includes(connection.status)));
connection.start();
name();

async function name() {
  text($("#title"), `Lesson ${spoken(code)}`);
  try {
    const { data } = await request("GET", `/api/lessons/${code}`);
    text($("#title"), data.title);
    document.title = `${data.title} · Lectern`;
  } catch {
    // The code has to do for a title; whether the lesson can be reached, the badge says.
  }
}

export { lesson }; // for the console, and for tests that compare windows
