// The polls as people see them: which there are, and what is to be said of each option.

// Those that have been shown, oldest first.
export function shown(lesson) {
  return lesson
    .below("poll/")
    .map(([key, value]) => ({ id: key.slice("poll/".length), ...value }))
    .filter(({ status }) => status !== "draft");
}

// The one that matters most now: the newest open one, else the newest.
export function foremost(polls) {
  const open = polls.filter(({ status }) => status === "open");
  return open.pop() || polls[polls.length - 1] || null;
}

// null until the results are revealed (and, for viewers, have come); else for each option
// {count, share: 0..1 of the voters, correct}.
export function results(lesson, poll) {
  const tally = lesson.get(`tally/${poll.id}`);
  if (!poll.reveal || !tally) return null;
  const correct = new Set(poll.correct || []);
  return poll.options.map((_, i) => {
    const count = tally.counts[i] || 0;
    return { count, share: tally.voters ? count / tally.voters : 0, correct: correct.has(i) };
  });
}
