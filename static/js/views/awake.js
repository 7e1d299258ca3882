// Keeps the screen on while the lesson is on, where the browser can. The lock is lost whenever the page is
// hidden, so it is asked for again; some browsers grant it only after a touch.

export function keepAwake(wanted) {
  if (!navigator.wakeLock) return;
  let lock = null;
  const ask = async () => {
    if (document.visibilityState !== "visible" || !wanted() || (lock && !lock.released)) return;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      lock = null; // a low battery, or no touch yet: the next chance asks again
    }
  };
  const check = () => (wanted() ? ask() : lock && lock.release());
  document.addEventListener("visibilitychange", ask);
  document.addEventListener("pointerup", ask);
  ask();
  return check;
}
