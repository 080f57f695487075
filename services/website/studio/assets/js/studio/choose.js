// One press ticks everything that can be ticked.
const all = document.querySelector("[data-choose-all]");
if (all) {
  all.hidden = false;
  all.addEventListener("click", () => {
    for (const box of document.querySelectorAll("input[name=consent]")) box.checked = true;
  });
}
