// When a page goes away and comes back. Phones kill the streams of hidden pages without an event, and the
// back-forward cache freezes them: coming back always means opening the stream anew.

const AWAY = 1_000; // hidden for less is a slip of the thumb

// `page` hears woke(), left() (its connections are to be closed) and offline(). Returns the way to stop.
export function watchPage(page) {
  let hiddenAt = 0;
  const listeners = [
    [window, "online", () => page.woke()],
    [window, "offline", () => page.offline()],
    [window, "pagehide", () => page.left()],
    [window, "pageshow", (event) => event.persisted && page.woke()],
    [document, "visibilitychange", () => {
      if (document.visibilityState === "hidden") hiddenAt = Date.now();
      else if (Date.now() - hiddenAt > AWAY) page.woke();
    }],
  ];
  for (const [target, type, run] of listeners) target.addEventListener(type, run);
  return () => {
    for (const [target, type, run] of listeners) target.removeEventListener(type, run);
  };
}
