// A passage is taken from the text by selecting it. Without this, it is copied by hand.
const sheet = document.querySelector("[data-passages]");
let passage = "";

document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  if (selection.rangeCount === 0 || selection.isCollapsed) return;
  const range = selection.getRangeAt(0);
  if (sheet.contains(range.commonAncestorContainer)) passage = selection.toString().replace(/\s+/g, " ").trim();
});

for (const shown of document.querySelectorAll("[data-select], [data-take]")) shown.hidden = false;
for (const button of document.querySelectorAll("[data-take]")) {
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.take);
    if (passage !== "") field.value = passage;
    field.focus();
  });
}
