// A folder keeps its paths: browsers send names only, so the paths travel beside the files.
const form = document.querySelector("[data-import]");
const folder = form.elements.folder;
form.querySelector("[data-folder]").hidden = false;

form.addEventListener("submit", () => {
  for (const old of form.querySelectorAll("input[name=path]")) old.remove();
  for (const file of [...form.elements.files.files, ...folder.files]) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "path", value: file.webkitRelativePath || file.name }));
  }
});

form.addEventListener("dragover", (event) => { event.preventDefault(); });
form.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length > 0) form.elements.files.files = event.dataTransfer.files;
});
