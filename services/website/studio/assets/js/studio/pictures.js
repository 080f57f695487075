// Pictures by picker, drag or paste. None gets into a text without words for those who do not see it.
import { read, startFocus } from "/static/js/studio/focus.js";

export function startPictures(form, insert) {
  const dialog = document.querySelector("[data-picture-dialog]");
  const file = dialog.querySelector("#dialog-file");
  const alt = dialog.querySelector("#dialog-alt");
  const decorative = dialog.querySelector("#dialog-decorative");
  const logo = dialog.querySelector("#dialog-logo");
  const caption = dialog.querySelector("#dialog-caption");
  const thumb = dialog.querySelector("[data-picture-thumb]");
  const frame = dialog.querySelector("[data-picture-frame]");
  const focus = dialog.querySelector("[data-picture-focus]");
  const x = dialog.querySelector("#dialog-focus-x");
  const y = dialog.querySelector("#dialog-focus-y");
  const error = dialog.querySelector("[data-picture-error]");
  const button = dialog.querySelector("[data-picture-send]");
  const area = form.elements.body;
  let picture = null;

  form.querySelector("[data-picture-plain]").hidden = true;
  const open = form.querySelector("[data-picture-open]");
  open.hidden = false;
  open.addEventListener("click", () => show(null));
  const mark = startFocus(frame, x, y, () => {});

  function show(chosen) {
    choose(chosen);
    file.value = "";
    alt.value = caption.value = "";
    decorative.checked = logo.checked = alt.disabled = false;
    fail("");
    dialog.showModal();
    (chosen ? alt : file).focus();
  }

  function choose(chosen) {
    picture = chosen;
    URL.revokeObjectURL(thumb.src);
    frame.hidden = focus.hidden = !chosen;
    x.value = y.value = "";
    mark();
    if (chosen) thumb.src = URL.createObjectURL(chosen);
  }

  function fail(text) {
    error.textContent = text;
    error.hidden = text === "";
  }

  file.addEventListener("change", () => choose(file.files[0] ?? null));
  decorative.addEventListener("change", () => { alt.disabled = decorative.checked; });

  button.addEventListener("click", async () => {
    if (!picture) return fail("Choose a picture.");
    if (!decorative.checked && alt.value.trim() === "") {
      fail("Say what the picture shows, or mark it as decorative.");
      return alt.focus();
    }
    const at = read(x, y);
    if (at === null) {
      fail("Give whole numbers from 0 to 100 for what stays in sight, or leave both empty.");
      return x.focus();
    }
    const data = new FormData();
    data.set("picture", picture);
    data.set("alt", alt.value);
    data.set("caption", caption.value);
    data.set("focus_x", x.value);
    data.set("focus_y", y.value);
    if (decorative.checked) data.set("decorative", "yes");
    if (logo.checked) data.set("logo", "yes");
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch("/studio/pictures", { method: "POST", headers: { Accept: "application/json" }, body: data });
      const got = await answer.json();
      if (!answer.ok) return fail(got.detail);
      dialog.close();
      insert(got.block);
    } catch {
      fail("There is no connection. The picture is still here: try again in a moment.");
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  function pictureOf(items) {
    return [...(items ?? [])].find((item) => item.type.startsWith("image/"));
  }

  area.addEventListener("paste", (event) => {
    const found = pictureOf(event.clipboardData?.files);
    if (!found) return;
    event.preventDefault();
    show(found);
  });
  area.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    area.classList.add("dropping");
  });
  area.addEventListener("dragleave", () => area.classList.remove("dropping"));
  area.addEventListener("drop", (event) => {
    area.classList.remove("dropping");
    const found = pictureOf(event.dataTransfer.files);
    if (!found) return;
    event.preventDefault();
    show(found);
  });
}
