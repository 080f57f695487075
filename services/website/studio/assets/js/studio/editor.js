// The editor: a live preview, saving by itself, blocks at the cursor, pictures by drag and paste. Without this module the same form works by its buttons.
import { startSaving } from "/static/js/studio/saving.js";
import { startPreview } from "/static/js/studio/preview.js";
import { insertBlock, selectLine } from "/static/js/studio/insert.js";
import { startPictures } from "/static/js/studio/pictures.js";
import { startFocusList } from "/static/js/studio/focus.js";

const form = document.getElementById("editor");
const body = form.elements.body;

const saving = startSaving(form);
const preview = startPreview(form);

for (const button of form.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    button.closest("[popover]").hidePopover();
    insertBlock(body, button.dataset.insert);
  });
}

form.querySelector("[data-problems]").addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  if (!link) return;
  event.preventDefault();
  selectLine(body, Number(link.dataset.line));
});

startPictures(form, (block) => insertBlock(body, block));
startFocusList(form);

form.addEventListener("input", (event) => {
  if (event.target.closest("[data-picture-plain], [data-focus]")) return;
  saving.changed();
  preview.changed();
});

// Saving by hand with Ctrl or Command and S does what the button does.
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    saving.now();
  }
});
