"use strict";
// Marks, and nothing else: no request is made, and nothing is kept outside this page.
(() => {
  const COLUMNS = ["plan", "pick", "entity", "source_key", "target_key", "why", "expected", "result", "requirement", "note",
    "tester", "tested_on"];
  const byId = (id) => document.getElementById(id);
  const plan = byId("who").dataset.plan;
  const rows = [...document.querySelectorAll("tr[data-pick]")];
  let unsaved = false;

  const today = new Date();
  byId("tested_on").value = new Date(today - today.getTimezoneOffset() * 60000).toISOString().slice(0, 10);

  const result = (row) => { const box = row.querySelector("input[type=radio]:checked"); return box ? box.value : ""; };
  const boxes = (row) => [...row.querySelectorAll("input[type=checkbox]")];
  const answers = (row) => ({
    result: result(row),
    requirement: boxes(row).filter((box) => box.checked).map((box) => box.value).join(", "),
    note: row.querySelector("textarea").value.trim(),
  });

  // ---- marking --------------------------------------------------------------------------------------------------
  function mark(row) {
    row.dataset.state = result(row);
    if (result(row)) {
      row.dataset.tester = byId("tester").value.trim() || row.dataset.tester;
      row.dataset.testedOn = byId("tested_on").value || row.dataset.testedOn;
    }
    unsaved = true;
    count();
  }
  function count() {
    const done = rows.filter(result);
    const wrong = done.filter((row) => result(row) === "fail").length;
    byId("progress").textContent = `${done.length} of ${rows.length} looked at, ${wrong} failed`;
    for (const section of document.querySelectorAll("section[data-group]")) {
      const own = [...section.querySelectorAll("tr[data-pick]")];
      const place = document.querySelector(`[data-tally="${CSS.escape(section.dataset.group)}"]`);
      place.textContent = `${own.filter(result).length}/${own.length}`;
    }
  }
  for (const row of rows) row.addEventListener("change", () => mark(row));
  for (const note of document.querySelectorAll("textarea")) note.addEventListener("input", () => { unsaved = true; });
  byId("who").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  // ---- errors ---------------------------------------------------------------------------------------------------
  function show(errors) {
    byId("errors").replaceChildren(...errors.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
    return errors.length === 0;
  }
  function mistakes() {
    const found = [];
    for (const row of rows) {
      const given = answers(row);
      if (!given.result && (given.note || given.requirement)) found.push(`${row.dataset.pick}: mark it pass or fail`);
      if (given.result === "fail" && !given.note) found.push(`${row.dataset.pick}: say what you saw`);
      if (given.result === "fail" && !given.requirement && boxes(row).length > 1) found.push(`${row.dataset.pick}: say what is not met`);
      if (given.result === "pass" && given.requirement) found.push(`${row.dataset.pick}: it passes, so no requirement is missed`);
      if (given.result && !row.dataset.tester) row.dataset.tester = byId("tester").value.trim();
      if (given.result && !row.dataset.testedOn) row.dataset.testedOn = byId("tested_on").value;
    }
    if (rows.some((row) => result(row) && !row.dataset.tester)) found.unshift("Your name is missing");
    if (rows.some((row) => result(row) && !row.dataset.testedOn)) found.unshift("The date is missing");
    return found;
  }

  // ---- downloading ----------------------------------------------------------------------------------------------
  // The same rule as in the files that the program writes: what a spreadsheet would run gets an apostrophe.
  function defused(text) {
    const bare = text.replace(/^'+/, "");
    const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);
    return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(bare) && !(bare === text && number) ? "'" + text : text;
  }
  function restored(text) {
    return text.startsWith("'") && /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text.replace(/^'+/, "")) ? text.slice(1) : text;
  }
  const quoted = (text) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  function csv() {
    const lines = [COLUMNS];
    for (const row of rows) {
      const given = answers(row);
      const data = row.dataset;
      const who = given.result ? [data.tester, data.testedOn] : ["", ""];
      const cells = [plan, data.pick, data.entity, data.sourceKey, data.targetKey, data.why, "", given.result, given.requirement,
        given.note, ...who];
      lines.push(cells.map(defused));
    }
    return "\ufeff" + lines.map((cells) => cells.map(quoted).join(",")).join("\r\n") + "\r\n";
  }
  byId("download").addEventListener("click", () => {
    if (!show(mistakes())) {
      byId("errors").scrollIntoView({ block: "center" });
      if (rows.some((row) => result(row) && !row.dataset.tester)) byId("tester").focus();
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = `${plan}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    unsaved = false;
  });

  // ---- going on with an earlier file ----------------------------------------------------------------------------
  function parsed(text) {
    const table = [[]];
    let cell = "", inside = false;
    const end = () => { table[table.length - 1].push(cell); cell = ""; };
    for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; at++) {
      const sign = text[at];
      if (inside) {
        if (sign !== '"') cell += sign;
        else if (text[at + 1] === '"') { cell += sign; at++; }
        else inside = false;
      } else if (sign === '"') inside = true;
      else if (sign === ",") end();
      else if (sign === "\n") { end(); table.push([]); }
      else if (sign !== "\r") cell += sign;
    }
    if (cell || table[table.length - 1].length) end(); else table.pop();
    return table;
  }
  byId("earlier").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    const [header, ...lines] = parsed(await file.text());
    if (COLUMNS.some((column, at) => !header || header[at] !== column)) { show([`${file.name} is no file of this page`]); return; }
    const given = lines.map((line) => Object.fromEntries(COLUMNS.map((column, at) => [column, restored(line[at] || "")])));
    if (given.some((line) => line.plan !== plan)) { show([`${file.name} is of another test plan than ${plan}`]); return; }
    const known = new Map(rows.map((row) => [row.dataset.pick, row]));
    for (const line of given) {
      const row = known.get(line.pick);
      if (!row || !line.result) continue;
      row.querySelector(`input[type=radio][value="${line.result === "fail" ? "fail" : "pass"}"]`).checked = true;
      for (const box of boxes(row)) box.checked = line.requirement.split(/[,;\s]+/).includes(box.value);
      row.querySelector("textarea").value = line.note;
      row.dataset.tester = line.tester;
      row.dataset.testedOn = line.tested_on;
      row.dataset.state = result(row);
    }
    show([]);
    count();
  });
  count();
})();
