// Small dialogs: a question before what cannot be undone, a page's number, the keys, the QR code.

import { $, el } from "../../helpers/dom.js";
import { code as spoken } from "../../helpers/format.js";

const KEYS = [
  ["→ ↓ Space PgDn N", "Next page"], ["← ↑ PgUp P", "Previous page"], ["Home End", "First, last page"], ["G", "Go to a page"],
  ["B or .", "Black screen"], ["W", "White screen"], ["D", "Draw, or stop drawing"], ["Esc", "Put the tool down"],
  ["Ctrl+Z", "Undo ink"], ["Ctrl+Shift+Z or Ctrl+Y", "Redo ink"], ["F", "Full screen"], ["?", "These keys"],
];

// Resolves to true or false.
export function confirm({ title, text, yes }) {
  const dialog = $("#confirm");
  $("#confirm-title").textContent = title;
  $("#confirm-text").textContent = text;
  $("#confirm-yes").textContent = yes;
  return answer(dialog).then((value) => value === "yes");
}

// Resolves to the value of the button that closed the dialog; "" for Escape.
function answer(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

export async function goTo(desk) {
  const { order } = desk.lesson;
  if (!order.length) return;
  const field = $("#goto-number");
  field.max = order.length;
  field.value = "";
  field.placeholder = `1 to ${order.length}`;
  if (await answer($("#goto")) === "go") desk.go(order[Number(field.value) - 1]);
}

export function showKeys() {
  const list = $("#help-keys");
  if (!list.children.length) {
    list.append(...KEYS.map(([keys, what]) => el("div", {}, el("dt", {}, keys), el("dd", {}, what))));
  }
  $("#help").showModal();
}

export function showQr(code) {
  const image = $("#qr-image");
  if (!image.getAttribute("src")) image.src = `/api/lessons/${code}/qr.svg`;
  $("#qr-link").textContent = `${location.host}/${code}`;
  $("#qr-code").textContent = spoken(code);
  $("#qr").showModal();
}

// Dialogs that only show something: the keys that turn pages close them and turn the page.
export const light = () => $("#qr[open], #help[open]");
