// The point of a picture that stays in sight where it is cut: set by a click on it or in two fields, written into the picture's block. Without this module the
// fields are sent with the form.
const blocks = /^::: image[ \t]*\n[^]*?^:::[ \t]*$/gm;
const source = /^src: +"?images\/([0-9a-f]{64})"?[ \t]*$/m;
const point = /^focus: +"?(\d+) (\d+)"?[ \t]*$/m;

// read is what two fields say: "x y", "" for the middle, null for no point.
export function read(x, y) {
  if (x.value === "" && y.value === "" && x.validity.valid && y.validity.valid) return "";
  const percent = [x, y].map((field) => (/^\d+$/.test(field.value) ? Number(field.value) : 101));
  return percent.every((n) => n <= 100) ? percent.join(" ") : null;
}

// startFocus lets a click on a picture fill the two fields, and shows the point in it.
export function startFocus(frame, x, y, set) {
  const image = frame.querySelector("img");
  const mark = frame.querySelector(".focus-mark");
  const show = () => {
    const at = read(x, y);
    mark.hidden = !at;
    if (!at) return;
    const [left, top] = at.split(" ");
    mark.style.left = `${left}%`;
    mark.style.top = `${top}%`;
  };
  frame.dataset.pick = "";
  image.addEventListener("click", (event) => {
    const box = image.getBoundingClientRect();
    x.value = Math.round(((event.clientX - box.left) / box.width) * 100);
    y.value = Math.round(((event.clientY - box.top) / box.height) * 100);
    show();
    set();
  });
  for (const field of [x, y]) {
    field.addEventListener("input", show);
    field.addEventListener("change", set);
  }
  show();
  return show;
}

function pictures(text) {
  const found = new Map();
  for (const [block] of text.matchAll(blocks)) {
    const asset = source.exec(block)?.[1];
    if (!asset || found.has(asset)) continue;
    const alt = /^alt: +(.*)$/m.exec(block)?.[1] ?? "";
    const at = point.exec(block);
    found.set(asset, { alt: alt.replace(/^"(.*)"$/, "$1").replaceAll('\\"', '"'), x: at?.[1] ?? "", y: at?.[2] ?? "" });
  }
  return found;
}

function write(area, asset, at) {
  for (const found of [...area.value.matchAll(blocks)].reverse()) {
    if (source.exec(found[0])?.[1] !== asset) continue;
    const rest = found[0].replace(/^focus:.*\n/m, "");
    const end = rest.lastIndexOf(":::");
    const block = at === "" ? rest : `${rest.slice(0, end)}focus: ${at}\n${rest.slice(end)}`;
    if (block !== found[0]) area.setRangeText(block, found.index, found.index + found[0].length, "preserve");
  }
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// startFocusList keeps the list of a text's pictures as the text is.
export function startFocusList(form) {
  const area = form.elements.body;
  const section = form.querySelector("[data-focus]");
  const list = section.querySelector("[data-focus-list]");
  const template = section.querySelector("[data-focus-template]").content.firstElementChild;
  section.querySelector("[data-focus-how]").hidden = false;

  const fields = (entry) => entry.querySelectorAll("input[type=number]");

  function item(asset) {
    const copy = template.cloneNode(true);
    copy.dataset.asset = asset;
    copy.querySelector("img").src = `/studio/assets/${asset}`;
    copy.querySelector("input[type=hidden]").name = `focus-was-${asset}`;
    for (const [i, field] of fields(copy).entries()) {
      field.id = field.name = `focus-${"xy"[i]}-${asset}`;
      copy.querySelectorAll("label")[i].htmlFor = field.id;
    }
    return copy;
  }

  function ready(entry) {
    const [x, y] = fields(entry);
    entry.querySelector("button").parentElement.hidden = true;
    entry.show = startFocus(entry.querySelector(".focus-frame"), x, y, () => {
      const at = read(x, y);
      if (at !== null) write(area, entry.dataset.asset, at);
    });
    return entry;
  }

  function refresh() {
    const now = pictures(area.value);
    const there = new Map([...list.children].map((entry) => [entry.dataset.asset, entry]));
    for (const [asset, entry] of there) if (!now.has(asset)) entry.remove();
    for (const [asset, picture] of now) {
      const entry = there.get(asset) ?? list.appendChild(ready(item(asset)));
      entry.querySelector("legend").textContent = picture.alt || "A decorative picture";
      const [x, y] = fields(entry);
      if (entry.contains(document.activeElement)) continue;
      x.value = picture.x;
      y.value = picture.y;
      entry.show();
    }
    section.hidden = now.size === 0;
  }

  for (const entry of list.children) ready(entry);
  area.addEventListener("input", refresh);
}
