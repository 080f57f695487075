// Times are asked in the reader's own zone: the form carries how far that is from UTC at the chosen time.
for (const input of document.querySelectorAll("input[type=datetime-local]")) {
  const offset = Object.assign(document.createElement("input"), { type: "hidden", name: input.name.replace("_time", "_offset"), value: "0" });
  input.after(offset);
  const set = () => { offset.value = input.value ? String(new Date(input.value).getTimezoneOffset()) : "0"; };
  input.addEventListener("input", set);
  set();
  const help = document.getElementById(`${input.name}-help`);
  if (help) help.textContent = help.textContent.replace("In UTC.", "In your own time.");
}
