// Sends a PDF with progress, which fetch cannot tell. Resolves to {deck}; rejects with a Problem, or a TypeError for the network.

import { Problem } from "./api.js";

export function upload(code, file, { onprogress, signal }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", `/api/lessons/${code}/decks?name=${encodeURIComponent(file.name)}`);
    xhr.setRequestHeader("Content-Type", "application/pdf");
    xhr.responseType = "text";
    xhr.upload.addEventListener("progress", ({ loaded, total }) => onprogress(total ? loaded / total : 0));
    xhr.addEventListener("load", () => {
      const body = parse(xhr.responseText);
      if (xhr.status >= 200 && xhr.status < 300) resolve(body);
      else reject(new Problem(xhr.status, body));
    });
    xhr.addEventListener("error", () => reject(new TypeError("The connection was lost during the upload.")));
    xhr.addEventListener("abort", () => reject(new DOMException("Stopped.", "AbortError")));
    signal?.addEventListener("abort", () => xhr.abort());
    xhr.send(file);
  });
}

function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
