// A folder keeps its paths, what no import reads is not sent, and after a trial the same files are imported without being chosen again: the answer takes the page's
// place, the inputs with their files stay.
import { offerToSave } from "/static/js/studio/import-report.js";
import { Refusal, send, sorted, walk, weight } from "/static/js/studio/import-files.js";

const policy = window.trustedTypes?.createPolicy("renown-preview", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const things = (n, one, many) => `${number.format(n)} ${n === 1 ? one : many}`;
const size = (bytes) => (bytes < 2 ** 20 ? `${number.format(Math.ceil(bytes / 1024))} kB` : `${number.format(bytes / 2 ** 20)} MB`);

let dropped = [];
let sending = false;

const formHere = () => document.querySelector("[data-import]");
const read = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");
const wantedOf = (html) => JSON.parse(read(html).querySelector("[data-wanted]")?.dataset.wanted ?? "[]");

function chosen(form) {
  const picked = [...form.elements.files.files, ...form.elements.folder.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return sorted(form, [...picked, ...dropped]);
}

// tooMuch says what does not fit. Pictures always do: they are sent one by one.
function tooMuch(form, found) {
  const bound = Number(form.dataset.max);
  if (weight(found.zips) > bound) return ` That is more than ${size(bound)}: unpack it and choose the folder, which may be larger.`;
  if (weight(found.texts) > bound) return ` The texts are more than ${size(bound)}: import some of the folders first.`;
  return "";
}

function say(form, words, bad) {
  const state = form.querySelector("[data-chosen]");
  state.classList.toggle("bad", bad);
  state.textContent = words;
}

// tell says what would be sent, and what is too much of it.
function tell(form) {
  const found = chosen(form);
  const kinds = [];
  if (found.zips.length) kinds.push(things(found.zips.length, "zip file", "zip files"));
  if (found.texts.length || !found.zips.length) kinds.push(things(found.texts.length, "text", "texts"));
  if (found.pictures.length) kinds.push(things(found.pictures.length, "picture", "pictures"));
  const all = [...found.zips, ...found.texts, ...found.pictures];
  if (all.length + found.left === 0) {
    say(form, "", false);
    return;
  }
  const others = found.left ? ` ${things(found.left, "other file is", "other files are")} left out.` : "";
  const much = tooMuch(form, found);
  say(form, `${kinds.join(" and ")}, ${size(weight(all))}.${others}${much}`, much !== "");
}

// take puts the answer in the page's place. Inputs of files stay as they are: nothing but a person can fill them.
function take(html) {
  const main = read(html).querySelector("main");
  const old = document.querySelector("main");
  for (const input of main.querySelectorAll("input[type=file]")) {
    const before = old.querySelector(`#${input.id}`);
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (input.hasAttribute(name)) before.setAttribute(name, input.getAttribute(name));
      else before.removeAttribute(name);
    }
    input.replaceWith(before);
  }
  // What the file says stands in the field now.
  if (main.querySelector("#mapping").value) main.querySelector("#mapping_file").value = "";
  old.replaceWith(main);
  start(formHere());
  const first = main.querySelector("[data-focus]") ?? main.querySelector("[data-report]") ?? main.querySelector(".notice");
  first?.focus();
  first?.scrollIntoView({ block: "start" });
}

async function go(form, submitter) {
  if (sending) return;
  sending = true;
  submitter.setAttribute("aria-busy", "true");
  try {
    take(await send(form, submitter.value, chosen(form), wantedOf, (done, all) => { say(form, `Pictures: ${number.format(done)} of ${number.format(all)} are there.`, false); }));
  } catch (error) {
    say(form, error instanceof Refusal
      ? error.message
      : "They could not be sent, or the answer did not arrive. Send them again in a moment, or choose them again if they have changed since. Nothing is imported twice.", true);
    form.querySelector("[data-chosen]").scrollIntoView({ block: "center" });
  } finally {
    sending = false;
    submitter.removeAttribute("aria-busy");
  }
}

async function drop(form, transfer) {
  const found = [];
  for (const entry of [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean)) await walk(entry, "", found);
  if (found.length === 0) return;
  form.elements.files.value = "";
  form.elements.folder.value = "";
  dropped = found;
  tell(form);
}

function start(form) {
  form.querySelector("[data-folder]").hidden = false;
  const again = document.querySelector("[data-again]");
  const found = chosen(form);
  if (again && found.texts.length + found.zips.length > 0) {
    again.hidden = false;
    document.querySelector("[data-choose]").hidden = true;
    form.querySelector("button[value=import]").classList.remove("primary");
  }
  for (const input of [form.elements.files, form.elements.folder]) {
    input.onchange = () => { dropped = []; tell(formHere()); };
  }
  // Before the page's own: this form is not sent by the browser.
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(form, event.submitter ?? form.querySelector("button[value=try]"));
  }, { capture: true });
  offerToSave(document.querySelector(".report"));
  tell(form);
}

// Files may be dropped anywhere on the page, but for the field that takes another kind.
const dragged = (event) => event.dataTransfer?.types.includes("Files") && event.target.id !== "mapping_file";
const mark = (on) => formHere().classList.toggle("dropping", on);

addEventListener("dragover", (event) => {
  if (!dragged(event)) return;
  event.preventDefault();
  mark(true);
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(false); });
addEventListener("drop", (event) => {
  mark(false);
  if (!dragged(event)) return;
  event.preventDefault();
  drop(formHere(), event.dataTransfer);
});

start(formHere());
