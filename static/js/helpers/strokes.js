// A stroke as a register holds it, whole. Pure.

import { encode } from "../models/ink.js";

// stroke: as models/ink.js gives it. One that was still in pieces comes back as one stroke of their points.
export function register(page, { id, tool, color, width, points, pieces, value }) {
  return [`ink/${page}/${id}`, pieces ? { tool, color, width, points: encode(points) } : value];
}
