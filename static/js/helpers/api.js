// The one place that talks HTTP to the server.
// An answer outside 2xx is a Problem (RFC 9457); a request that never got an answer is fetch's own
// TypeError, or an AbortError. Callers tell the two apart: the first is a decision, the second the network.
// A decision is our server's where it has a type of ours (docs/PROTOCOL.md, section 1); without, the status may be a proxy's.

const OURS = "/problems/";

export class Problem extends Error {
  constructor(status, body, headers) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    // "lesson-full" of "/problems/lesson-full"; "" where nobody has said more than the status.
    this.type = String(body.type).startsWith(OURS) ? body.type.slice(OURS.length) : "";
    this.title = body.title || "";
    this.detail = body.detail || "";
    this.errors = body.errors || [];
    this.headers = headers;
  }
}

// `progress` is called when the head of the answer has come, and again with each part of its body.
export async function request(method, path, { json, body, headers = {}, signal, progress } = {}) {
  const init = { method, headers: { ...headers }, body, signal };
  if (json !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(json);
  }
  const response = await fetch(path, init);
  const data = await read(response, progress);
  if (response.ok) return { status: response.status, data, headers: response.headers };
  throw new Problem(response.status, data && typeof data === "object" ? data : {}, response.headers);
}

// A GET that is given up after so many ms without a byte.
export async function ask(url, silence, outer) {
  const abort = new AbortController();
  const stop = () => abort.abort();
  let timer = 0;
  const progress = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, silence);
  };
  progress();
  if (outer) outer.addEventListener("abort", stop);
  try {
    return (await request("GET", url, { signal: abort.signal, progress })).data;
  } finally {
    clearTimeout(timer);
    if (outer) outer.removeEventListener("abort", stop);
  }
}

async function read(response, progress) {
  const text = progress && response.body ? await inParts(response.body, progress) : await response.text();
  if (!/\bjson\b/.test(response.headers.get("Content-Type") || "")) return text;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's half answer: not something the server decided, so it counts as the network's fault.
    throw new TypeError(`unreadable answer from ${response.url}`);
  }
}

async function inParts(body, progress) {
  const [reader, decoder] = [body.getReader(), new TextDecoder()];
  let text = "";
  for (;;) {
    progress();
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
}
