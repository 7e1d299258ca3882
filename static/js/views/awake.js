// Keeps the screen on while the lesson is on, where the browser can. The lock is lost whenever the page is
// hidden, so it is asked for again; some browsers grant it only after a touch.

// `wanted()` says whether the screen is to stay on. Returns what to call when that may have changed.
export function keepAwake(wanted) {
  if (!navigator.wakeLock) return () => {};
  let lock = null;
  let asking = false;
  const check = async () => {
    const held = lock && !lock.released;
    if (held && !wanted()) lock.release();
    if (held || asking || !wanted() || document.visibilityState !== "visible") return;
    asking = true;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      lock = null; // a low battery, or no touch yet: the next chance asks again
    }
    asking = false;
    if (!wanted()) check();
  };
  for (const type of ["visibilitychange", "pointerup"]) document.addEventListener(type, check);
  check();
  return check;
}
