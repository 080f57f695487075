// Two texts from one beginning: both end up as versions, whichever the author goes on with.
import { send, writeFields } from "/static/js/studio/fields.js";

export function startConflict(form, state, { saved, settled }) {
  const box = form.querySelector("[data-conflict]");
  const words = box.querySelector("[data-conflict-words]");
  let theirs = null;
  let mine = null;

  function show(other, sent) {
    theirs = other;
    mine = sent;
    box.hidden = false;
    box.querySelector("[data-conflict-choices]").hidden = false;
    box.querySelector("[data-theirs]").value = other.fields.body;
    words.textContent = `While you wrote, ${other.author || "somebody"} saved version ${other.version}. It stays among the versions, and so will yours.`;
    box.scrollIntoView({ block: "nearest" });
  }

  async function saveOver(fields, etag) {
    const answer = await send(form, fields, etag);
    if (answer.ok) return answer.json();
    if (answer.status === 412) show(await answer.json(), fields);
    else words.textContent = "That could not be saved just now. Both texts are still here; try again in a moment.";
    return null;
  }

  async function keep(which) {
    const first = await saveOver(mine, theirs.etag).catch(() => null);
    if (!first) return;
    if (which === "mine") {
      saved(first, mine);
    } else {
      const second = await saveOver(theirs.fields, first.etag).catch(() => null);
      if (!second) return;
      writeFields(form, theirs.fields);
      saved(second, theirs.fields);
    }
    box.hidden = true;
    settled();
  }

  for (const button of box.querySelectorAll("[data-keep]")) {
    button.addEventListener("click", () => keep(button.dataset.keep));
  }
  return { show };
}
