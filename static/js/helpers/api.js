// The one place that talks HTTP to the server.
// An answer outside 2xx is a Problem (RFC 9457); a request that never got an answer is fetch's own
// TypeError, or an AbortError. Callers tell the two apart: the first is a decision, the second the network.

export class Problem extends Error {
  constructor(status, body, headers) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.title = body.title || "";
    this.detail = body.detail || "";
    this.errors = body.errors || [];
    this.headers = headers;
  }
}

export async function request(method, path, { json, body, headers = {}, signal } = {}) {
  const init = { method, headers: { ...headers }, body, signal };
  if (json !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(json);
  }
  const response = await fetch(path, init);
  const data = await read(response);
  if (response.ok) return { status: response.status, data, headers: response.headers };
  throw new Problem(response.status, data && typeof data === "object" ? data : {}, response.headers);
}

async function read(response) {
  const text = await response.text();
  if (!/\bjson\b/.test(response.headers.get("Content-Type") || "")) return text;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's half answer: not something the server decided, so it counts as the network's fault.
    throw new TypeError(`unreadable answer from ${response.url}`);
  }
}
