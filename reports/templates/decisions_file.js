// ---- the file that `lms-migrate worklist import` takes ------------------------------------------------------------
const FILE_COLUMNS = ["item", ...FIELDS, "run"];

// Signs that a sheet cannot hold or would change stand as [U+000D]; so does what could be read as one of these.
const HIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|\[(?=U\+[0-9A-F]{4,6}\])|x(?=[0-9A-Fa-f]{4}_)/gu;
const encoded = (text) => text.replace(HIDDEN, (sign) => `[${codePoint(sign)}]`);
// A spreadsheet would run these as formulas. What already looks defused gets one more apostrophe, so that nothing is lost.
const defused = (text) => (/^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? "'" + text : text);
const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const line = (cells) => cells.map((text) => quoted(defused(encoded(text)))).join(",") + "\r\n";

function decisionsFile() {
  const items = worklistTable.column("item");
  const lines = [...marks.keys()].sort((a, b) => a - b).map((at) =>
    line([items.get(at), ...FIELDS.map((field) => marks.get(at)[field]), RUN]));
  return ["\ufeff", line(FILE_COLUMNS), ...lines];
}

function download(file, lines) {
  const link = make("a", { download: file });
  link.href = URL.createObjectURL(new Blob(lines, { type: "text/csv;charset=utf-8" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

byId("marks-download").addEventListener("click", () => {
  if (!marks.size) return;
  lastFile = `decisions-${RUN.replace(/[^\w.-]/g, "_")}.csv`;
  download(lastFile, decisionsFile());
  for (const answer of marks.values()) answer.saved = true;
  changed();
});

// What was marked before a reload stands in the page at once, and not only when the worklist is opened.
if (stored(MEMORY)) load("worklist");
