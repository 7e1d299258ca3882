// Which tool a pointer that goes down works with, or null for none. Pure.

const PALM = 1500; // ms after the stylus was last seen, in which a finger is the hand that holds it
const ERASER_END = 32; // the button of a stylus that is turned over

// `tool`: in hand, or null; `ink`: the ink tool used last; `stylusSeen`: when, on the events' clock.
export function toolFor({ pointerType, button, buttons, timeStamp, isPrimary }, { tool, ink }, stylusSeen) {
  if (pointerType === "pen") return buttons & ERASER_END ? "eraser" : tool ?? ink;
  if (pointerType === "touch") return isPrimary && timeStamp - stylusSeen > PALM ? tool : null;
  return button === 0 ? tool : null;
}
