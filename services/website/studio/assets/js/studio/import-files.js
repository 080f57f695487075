// What of the chosen files an import reads, and how it gets to the server: at once where it fits, else texts first and then the pictures that they show.
const atOnce = 12 * 2 ** 20;
const filesAtOnce = 4000;
const maxPicture = 10 * 2 ** 20;
const maxPath = 255;

const ending = (name) => name.slice(name.lastIndexOf(".")).toLowerCase();

// programs tells folders that hold no pages.
export const programs = (folder) => folder.startsWith(".") || ["node_modules", "vendor", "__MACOSX"].includes(folder);

// sorted parts files with their paths into texts, pictures, zip files and how many are left out.
export function sorted(form, files) {
  const texts = form.dataset.texts.split(",");
  const pictures = form.dataset.pictures.split(",");
  const out = { texts: [], pictures: [], zips: [], left: 0 };
  for (const one of files) {
    const folders = one.path.split("/");
    const name = folders.pop();
    const end = ending(name);
    if (name.startsWith(".") || folders.some(programs)) out.left++;
    else if (texts.includes(end)) out.texts.push(one);
    else if (pictures.includes(end) && new TextEncoder().encode(one.path).length <= maxPath) out.pictures.push(one);
    else if (end === ".zip" && folders.length === 0) out.zips.push(one);
    else out.left++;
  }
  return out;
}

export const weight = (files) => files.reduce((sum, { file }) => sum + file.size, 0);

// walk lists the files of something that was dropped, folders and all.
export async function walk(entry, path, into) {
  if (entry.isFile) {
    into.push({ file: await new Promise((done, failed) => { entry.file(done, failed); }), path: path + entry.name });
    return;
  }
  if (programs(entry.name)) return;
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => { reader.readEntries(done, failed); });
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, `${path}${entry.name}/`, into);
  }
}

// Refusal is an answer in words instead of a page.
export class Refusal extends Error {}

async function post(address, data) {
  const answer = await fetch(address, { method: "POST", headers: { Accept: "text/html, application/json" }, body: data });
  if (!answer.headers.get("Content-Type")?.includes("application/json")) return answer.text();
  const said = await answer.json();
  if (answer.ok) return said;
  throw Object.assign(new Refusal(`${said.title}. ${said.detail}`), { status: answer.status, detail: said.detail });
}

function body(form, doing, files, beside, left) {
  const data = new FormData(form);
  for (const name of ["files", "folder"]) data.delete(name);
  for (const { file } of files) data.append("files", file, file.name);
  data.set("paths", JSON.stringify(files.map(({ path }) => path)));
  if (beside.length > 0) data.set("beside", JSON.stringify(beside.map(({ path, asset, problem }) => ({ path, asset, problem }))));
  if (left) data.append("left", String(left));
  data.set("do", doing);
  return data;
}

// upload sends pictures one by one. What is wrong with one of them is for the report; what is wrong with the way to the server ends it.
async function upload(form, pictures, tell) {
  for (const [i, picture] of pictures.entries()) {
    if (i % Math.ceil(pictures.length / 10) === 0) tell(i, pictures.length);
    if (picture.file.size > maxPicture) {
      picture.problem = "it is larger than 10 MB";
      continue;
    }
    const data = new FormData();
    data.append("picture", picture.file, picture.file.name);
    try {
      picture.asset = (await post(form.dataset.upload, data)).asset;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500 || [401, 403, 429].includes(error.status)) throw error;
      picture.problem = error.detail.slice(0, 500);
    }
  }
}

// send returns the page that the server answers with.
export async function send(form, doing, found, wantedOf, tell) {
  const all = [...found.zips, ...found.texts, ...found.pictures];
  if (found.zips.length > 0 || (weight(all) <= atOnce && all.length <= filesAtOnce)) return post(form.action, body(form, doing, all, [], found.left));
  const beside = found.pictures.map((picture) => ({ ...picture }));
  if (doing === "import") {
    const wanted = new Set(wantedOf(await post(form.action, body(form, "try", found.texts, beside, 0))));
    await upload(form, beside.filter(({ path }) => wanted.has(path)), tell);
  }
  return post(form.action, body(form, doing, found.texts, beside, found.left));
}
