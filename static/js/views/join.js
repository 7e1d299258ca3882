// Joining by code. The lesson is looked up first, so that a mistyped code is said here, where it can be
// put right, and not on another page.

import { $ } from "../helpers/dom.js";
import { request } from "../helpers/api.js";
import { code as spoken, parseCode } from "../helpers/format.js";
import { Form } from "./form.js";

export function joinForm() {
  const input = $("#code");
  const form = new Form($("#join"), $("#code-help"), async () => {
    const code = parseCode(input.value);
    if (!input.value.trim()) return form.refuse(input, "Type the code your teacher shows.");
    if (!code) return form.refuse(input, "A code is six letters and digits, like K7P 4QX. The letter U is never in it.");
    try {
      await request("GET", `/api/lessons/${code}`);
      location.assign(`/${code}`);
    } catch (error) {
      form.refuse(input, why(error, code));
    }
  });
}

function why({ type, status }, code) {
  if (type === "lesson-unknown") return `There is no lesson ${spoken(code)}. Look at the code again.`;
  if (status === 429) return "Too many codes were tried from here. Wait a minute, then try again.";
  if (status) return "The server cannot look it up just now. Try again in a moment.";
  return "No connection. Try again when you are online.";
}
