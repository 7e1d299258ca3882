// How long to wait before trying again: twice as long after each failure, up to a bound, and never the same
// for two browsers, so that a crowd that lost its server together does not come back together.

export function backOff([least, most], failures) {
  return Math.min(most, least * 2 ** failures) * (0.5 + Math.random());
}
