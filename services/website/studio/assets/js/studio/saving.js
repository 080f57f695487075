// Saving by itself. What is typed is kept in this browser at once and sent a moment later; whatever happens to connection, session or tab, nothing typed is lost.
import { fieldNames, readFields, send } from "/static/js/studio/fields.js";
import { startConflict } from "/static/js/studio/conflict.js";
import { startDrafts } from "/static/js/studio/drafts.js";

const quietTime = 1500;
const longestWait = 15000;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function startSaving(form) {
  const say = form.querySelector("[data-state]");
  const state = { etag: form.dataset.etag ?? "", dirty: false, busy: false, stopped: false, failures: 0, timer: 0, since: 0 };
  const drafts = startDrafts(form, state, () => { changed(); });
  const conflict = startConflict(form, state, { saved, settled: () => { state.stopped = false; schedule(0); } });

  function tell(text, tone = "") {
    say.textContent = text;
    say.dataset.tone = tone;
  }

  function schedule(wait) {
    clearTimeout(state.timer);
    state.timer = setTimeout(save, wait);
  }

  function changed() {
    if (!state.dirty) state.since = Date.now();
    state.dirty = true;
    drafts.keep();
    if (state.stopped) return;
    tell("Not saved yet");
    schedule(Math.max(0, Math.min(quietTime, state.since + longestWait - Date.now())));
  }

  function saved(answer, sent) {
    state.etag = answer.etag;
    state.failures = 0;
    for (const input of form.querySelectorAll("input[name=etag]")) input.value = answer.etag;
    if (!form.querySelector("input[name=etag]")) {
      form.insertAdjacentElement("afterbegin", Object.assign(document.createElement("input"), { type: "hidden", name: "etag", value: answer.etag }));
    }
    form.elements.version.value = answer.version;
    const now = readFields(form);
    state.dirty = fieldNames.some((name) => now[name] !== sent[name]);
    if (!state.dirty) drafts.drop();
    tell(`Saved at ${clock.format(new Date())} as version ${answer.version}`, "good");
  }

  async function save() {
    if (state.busy || state.stopped || !state.dirty) return;
    state.busy = true;
    const sent = readFields(form);
    tell("Saving…");
    let again = -1;
    try {
      const answer = await send(form, sent, state.etag);
      again = await take(answer, sent);
    } catch {
      tell("Not saved: there is no connection. Your text is kept in this browser and sent as soon as there is one.", "warn");
      again = wait();
    }
    state.busy = false;
    if (again >= 0) schedule(again);
    else if (state.dirty && !state.stopped && state.failures === 0) schedule(quietTime);
  }

  function wait() {
    state.failures += 1;
    return Math.min(30000, 1000 * 2 ** state.failures);
  }

  // take judges an answer and returns after how many milliseconds to try again, or -1.
  async function take(answer, sent) {
    if (answer.ok) {
      saved(await answer.json(), sent);
      return -1;
    }
    if (answer.status === 412) {
      state.stopped = true;
      tell("Not saved: somebody else saved this text meanwhile. Both are kept.", "warn");
      conflict.show(await answer.json(), sent);
      return -1;
    }
    if (answer.status === 401) {
      say.replaceChildren("Not saved: you are signed out. Your text is kept in this browser. ",
        Object.assign(document.createElement("a"), { href: "/signin", target: "_blank", textContent: "Sign in in another tab" }), " and go on here.");
      say.dataset.tone = "warn";
      return wait();
    }
    const problem = await answer.json().catch(() => ({ detail: "" }));
    if (answer.status >= 500 || answer.status === 429) {
      tell("Not saved: Renown does not answer right now. Your text is kept in this browser, and it is tried again.", "warn");
      return wait();
    }
    // The text itself was refused: the next change is the next try.
    state.failures = 1;
    tell(`Not saved: ${problem.detail} Your text is kept in this browser.`, "bad");
    if (answer.status === 409 || answer.status === 403 || answer.status === 404) state.stopped = true;
    return -1;
  }

  addEventListener("online", () => { if (state.dirty) schedule(0); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && state.dirty) schedule(0); });
  addEventListener("pagehide", () => { if (state.dirty) drafts.keepNow(); });
  addEventListener("beforeunload", (event) => { if (state.dirty && !state.leaving) event.preventDefault(); });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    clearTimeout(state.timer);
    state.leaving = true;
    drafts.sent();
  });

  return { changed, now: () => { state.dirty = true; schedule(0); } };
}
