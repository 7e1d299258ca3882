// How the panel is entered: the key in the link's fragment is traded for a cookie, then forgotten; without one, the
// cookie of an earlier visit; without that, a form asks.

import { $ } from "../../helpers/dom.js";
import { request } from "../../helpers/api.js";
import { dateOf } from "../../models/clock.js";
import { verdict } from "../../helpers/verdict.js";
import { explained } from "../../helpers/words.js";

const PAUSE = 2000;

export class Entry {
  #code;
  #waiting = null;

  constructor(code) {
    this.#code = code;
    $("#entry").addEventListener("cancel", (event) => event.preventDefault());
    $("#entry-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  // Resolves once the teacher is in: {key} where one was used, {now} with the server's clock.
  async open() {
    const key = keyIn(location.hash);
    if (!key) return this.#known();
    try {
      return { key, now: await this.#patiently(() => this.#trade(key)) };
    } catch (problem) {
      return { key: await this.ask(problem.type === "key-needed" ? "The key in this link is not the lesson's." : explained(problem)) };
    } finally {
      history.replaceState(null, "", location.pathname);
    }
  }

  // Also later, when the cookie has run out. Resolves with the key that was accepted.
  ask(why = "") {
    if (this.#waiting) return this.#waiting.promise;
    $("#entry-error").textContent = why;
    $("#entry").showModal();
    this.#waiting = Promise.withResolvers?.() ?? withResolvers();
    return this.#waiting.promise;
  }

  async #submit() {
    const field = $("#entry-key");
    const key = keyIn(field.value) ?? field.value.trim();
    try {
      await this.#trade(key);
    } catch (problem) {
      $("#entry-error").textContent = this.#explain(problem);
      field.select();
      return;
    }
    field.value = "";
    $("#entry").close();
    this.#waiting.resolve(key);
    this.#waiting = null;
  }

  #explain(problem) {
    if (problem.type === "key-needed") return "That is not this lesson's key. Look for the link you got when it was started.";
    return explained(problem);
  }

  async #known() {
    try {
      const path = `/api/lessons/${this.#code}/state?as=teacher`;
      const { headers } = await this.#patiently(() => request("GET", path));
      return { now: dateOf(headers) };
    } catch (problem) {
      if (problem.type === "too-many-guesses") return { key: await this.ask(explained(problem)) }; // who holds the key does not guess
      return verdict(problem) === "denied" ? { key: await this.ask() } : {};
    }
  }

  async #trade(key) {
    const headers = { Authorization: `Bearer ${key}` };
    return dateOf((await request("POST", `/api/lessons/${this.#code}/session`, { headers })).headers);
  }

  // A refusal by our server is an answer; silence, and what stands in front of it, is asked again.
  async #patiently(ask) {
    for (;;) {
      try {
        return await ask();
      } catch (problem) {
        if (problem.type && problem.status < 500) throw problem;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }
}

export const teacherLink = (code, key) => `${location.origin}/teach/${code}#key=${encodeURIComponent(key)}`;

function keyIn(text) {
  const found = /#key=([^&\s]+)/.exec(text);
  return found && decodeURIComponent(found[1]);
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
