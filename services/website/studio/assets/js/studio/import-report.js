// The report as a file for a spreadsheet: it is on no other page, and there may be hundreds of files to go through.
const words = (element) => (element?.textContent ?? "").replace(/\s+/g, " ").trim();

// cell keeps a spreadsheet from taking words for a formula.
const cell = (text) => `"${(/^[=+\-@\t]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

function* rows(report) {
  yield ["file", "result", "title", "line", "what it is", "what stands there", "what became of it"];
  for (const item of report.querySelectorAll("[data-file]")) {
    const file = [item.dataset.file, item.dataset.result, words(item.querySelector("[data-title]"))];
    const says = item.querySelectorAll("[data-says] > li");
    const notes = item.querySelectorAll("tbody > tr");
    if (says.length + notes.length === 0) yield [...file, "", "", "", ""];
    for (const one of says) yield [...file, "", "", "", words(one)];
    for (const note of notes) yield [...file, ...[...note.cells].map(words)];
  }
  for (const group of report.querySelectorAll("[data-skipped]")) {
    for (const path of group.querySelectorAll("li")) yield [words(path), "skipped", "", "", "", "", group.dataset.skipped];
  }
}

export function offerToSave(report) {
  const button = report?.querySelector("[data-save]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = [...rows(report)].map((row) => row.map(cell).join(",")).join("\r\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\uFEFF", text, "\r\n"], { type: "text/csv" }));
    link.download = "import-report.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}
