// What is typed, kept in this browser until the server has it. Each tab keeps its own, so that two tabs do not overwrite each other's.
import { fieldNames, readFields, writeFields } from "/static/js/studio/fields.js";

const when = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

function same(a, b) {
  return fieldNames.every((name) => (a[name] ?? "").trim() === (b[name] ?? "").trim());
}

export function startDrafts(form, state, use) {
  const prefix = `renown-draft:${form.dataset.url}:`;
  let tab = sessionStorage.getItem("renown-tab");
  if (!tab) {
    tab = crypto.randomUUID();
    sessionStorage.setItem("renown-tab", tab);
  }
  const key = prefix + tab;
  let timer = 0;

  function write(extra) {
    try {
      localStorage.setItem(key, JSON.stringify({ fields: readFields(form), etag: state.etag, time: Date.now(), ...extra }));
    } catch {
      // The browser's store is full or switched off. The text is still on the page, and leaving it asks first.
    }
  }

  function found() {
    const now = readFields(form);
    let newest = null;
    for (const name of Object.keys(localStorage).filter((name) => name.startsWith(prefix))) {
      const draft = JSON.parse(localStorage.getItem(name));
      // What was sent by the button and changed the stored text has arrived.
      if (same(draft.fields, now) || (draft.sent && draft.etag !== state.etag)) {
        localStorage.removeItem(name);
      } else if (!newest || draft.time > newest.draft.time) {
        newest = { name, draft };
      }
    }
    return newest;
  }

  const kept = found();
  const banner = form.querySelector("[data-draft]");
  if (kept) {
    banner.hidden = false;
    banner.querySelector("[data-draft-when]").textContent = when.format(new Date(kept.draft.time));
    banner.querySelector("[data-draft-use]").addEventListener("click", () => {
      banner.hidden = true;
      localStorage.removeItem(kept.name);
      // It goes on from the text that it began from: if that has changed, saving says so instead of writing over it.
      state.etag = kept.draft.etag;
      writeFields(form, kept.draft.fields);
      use();
    });
    banner.querySelector("[data-draft-drop]").addEventListener("click", () => {
      banner.hidden = true;
      localStorage.removeItem(kept.name);
    });
  }

  return {
    keep() { clearTimeout(timer); timer = setTimeout(write, 300); },
    keepNow() { clearTimeout(timer); write(); },
    sent() { clearTimeout(timer); write({ sent: true }); },
    drop() { clearTimeout(timer); localStorage.removeItem(key); },
  };
}
