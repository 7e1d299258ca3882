// What may be said about a connection, from what is known of it. Pure, so that the badge can be trusted.

import { LATE } from "./lag.js";

const ONE_MISSED = 20_000; // beats come every 15 s

// silence: ms since the last event. late: how late the last beat was. fresh: the source in use has delivered
// something. seen: there has been a state at all. polling: "well", "failing" or null.
export function verdict({ silence, late, fresh, seen, polling }) {
  if (polling === "well") return "delayed";
  if (fresh && !polling) return silence > ONE_MISSED || late > LATE ? "delayed" : "live";
  return seen ? "reconnecting" : "connecting";
}
