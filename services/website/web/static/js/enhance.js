// What every page gains with JavaScript: copying, times in the reader's zone, focus on what failed, a second press that does nothing.
for (const button of document.querySelectorAll("[data-copy]")) {
  const words = button.querySelector("span");
  const label = words.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select?.();
    await navigator.clipboard.writeText(field.value ?? field.textContent);
    words.textContent = button.dataset.copied;
    setTimeout(() => { words.textContent = label; }, 2000);
  });
}

const zoned = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
for (const time of document.querySelectorAll("time[data-local]")) {
  time.textContent = zoned.format(new Date(time.dateTime));
}

document.querySelector("[data-focus]")?.focus();

// The navigation is always open where there is room for it, for browsers that cannot show closed details.
const menu = document.querySelector("[data-wide-open]");
if (menu) {
  const wide = matchMedia("(min-width: 960px)");
  const open = () => { menu.open = wide.matches; };
  wide.addEventListener("change", open);
  open();
}

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (button?.dataset.busy) button.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});
