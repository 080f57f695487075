// Writing into the text at the cursor, so that undo takes it back.
function type(area, text) {
  area.focus();
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function insertBlock(area, block) {
  const before = area.value.slice(0, area.selectionStart);
  const after = area.value.slice(area.selectionEnd);
  const lead = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const trail = after === "" || after.startsWith("\n") ? "" : "\n";
  const start = before.length + lead.length;
  type(area, lead + block + trail);
  // The first empty value is where the author goes on.
  const gap = /: (?:""|)$/m.exec(block);
  if (gap) {
    const at = start + gap.index + gap[0].length - (gap[0].endsWith('""') ? 1 : 0);
    area.setSelectionRange(at, at);
  }
}

export function selectLine(area, line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = parseFloat(getComputedStyle(area).lineHeight) || 24;
  area.scrollTop = Math.max(0, (line - 4) * height);
}
