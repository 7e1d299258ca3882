// The home page: join a lesson, or start one.

import { $ } from "./helpers/dom.js";
import { request } from "./helpers/api.js";
import { Form } from "./views/form.js";
import { joinForm } from "./views/join.js";

const [title, key] = [$("#title"), $("#key")];

joinForm();

const form = new Form($("#start"), $("#start-help"), async () => {
  if (!title.value.trim()) return form.refuse(title, "Give the lesson a title.");
  const headers = key.value ? { Authorization: `Bearer ${key.value}` } : {};
  try {
    const { data } = await request("POST", "/api/lessons", { json: { title: title.value.trim() }, headers });
    // In the fragment the key reaches the panel and no server's log.
    location.assign(`${data.teach_url}#key=${data.teacher_key}`);
  } catch (error) {
    explain(error);
  }
});

function explain({ type, status, errors, detail }) {
  if (type === "create-key-needed") {
    const asked = !$("#key-field").hidden;
    $("#key-field").hidden = false;
    form.refuse(key, asked && key.value ? "That is not this server’s key." : "Only who has this server’s key may start a lesson here.");
  } else if (status === 422) form.refuse(title, (errors[0] && errors[0].message) || detail || "This title cannot be used.");
  else if (status) form.refuse(title, "The server cannot start a lesson just now. Try again in a moment.");
  else form.refuse(title, "No connection. Try again when you are online.");
}
