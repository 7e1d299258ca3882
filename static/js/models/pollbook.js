// Polls as the teacher sees them: what is valid, what may follow what, and how results read. Values go through the desk.

export const FEWEST = 2;
export const MOST = 10;
export const LONGEST = 500;

export function blank() {
  return { question: "", options: ["", ""], multiple: false, status: "draft", reveal: false, correct: [] };
}

export function pollId(now = Date.now()) {
  const chance = crypto.getRandomValues(new Uint8Array(3));
  return `p${now.toString(36)}${Array.from(chance, (byte) => (byte % 36).toString(36)).join("")}`;
}

// Newest first: [{id, poll, tally}]
export function all(lesson) {
  return lesson.below("poll/").map(([key, poll]) => {
    const id = key.slice("poll/".length);
    return { id, poll, tally: lesson.get(`tally/${id}`) ?? { counts: poll.options.map(() => 0), voters: 0 } };
  }).reverse();
}

// A form's words -> the register's value. Empty options go, and the marks of the correct ones with them.
export function compose({ question, options, multiple, correct }) {
  const kept = options.map((text, at) => ({ text: text.trim(), correct: correct.includes(at) })).filter(({ text }) => text);
  const marks = kept.flatMap((option, at) => (option.correct ? [at] : []));
  const value = { question: question.trim(), options: kept.map(({ text }) => text), multiple, status: "draft", reveal: false };
  return marks.length ? { ...value, correct: marks } : value;
}

// What a teacher must put right before the poll can be saved; "" where nothing.
export function fault({ question, options }) {
  if (!question) return "Write the question first.";
  if (options.length < FEWEST) return "A poll needs two options at least.";
  if (new Set(options).size < options.length) return "Two options are the same.";
  return "";
}

export const opened = (poll) => ({ ...poll, status: "open" });
export const closed = (poll) => ({ ...poll, status: "closed" });
export const revealed = (poll, reveal) => ({ ...poll, reveal });

export function marked(poll, option) {
  const marks = new Set(poll.correct ?? []);
  if (!marks.delete(option)) {
    if (!poll.multiple) marks.clear();
    marks.add(option);
  }
  const { correct: _, ...rest } = poll;
  return marks.size ? { ...rest, correct: [...marks].sort((a, b) => a - b) } : rest;
}

// One row an option: {text, count, share (0..1 of the voters), correct}
export function rows(poll, { counts, voters }) {
  return poll.options.map((text, at) => ({
    text,
    count: counts[at] ?? 0,
    share: voters ? (counts[at] ?? 0) / voters : 0,
    correct: (poll.correct ?? []).includes(at),
  }));
}
