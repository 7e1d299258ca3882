// The addresses a page's connection uses.

export function urls(code, as) {
  const lesson = `/api/lessons/${code}`;
  const at = (path, params) => {
    const query = new URLSearchParams(as === "teacher" ? { as } : {});
    for (const [name, value] of Object.entries(params)) if (value) query.set(name, value);
    return `${lesson}/${path}${[...query].length ? `?${query}` : ""}`;
  };
  return {
    lesson,
    events: (cursor) => at("events", { cursor }),
    state: (cursor, wait) => at("state", { cursor, wait }),
  };
}
