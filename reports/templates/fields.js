// ---- one record, field by field ----------------------------------------------------------------------------------
async function fieldsOf(row, entity, findings, told, worklist, items) {
  const [fields, sources, making] = await Promise.all(["fields", "sources", "making"].map(load));
  const own = (table) => (table.rows ? select(table, [table.column("record").test((held) => held === row)]) : []);
  const rows = own(fields);
  const name = "Field by field";
  if (!rows.length) return [make("h3", {}, name), notInPage(fields, row)];
  const values = new Map(own(sources).map((at) => [sources.column("source").get(at), sources.column("value").get(at)]));
  const made = new Map((making.rows ? select(making, [making.column("entity").test((held) => held === entity)]) : [])
    .map((at) => [making.column("field").get(at), at]));
  const used = new Set();
  const lines = rows.map((at) => {
    const read = (column) => fields.column(column).get(at);
    const how = made.has(read("field")) ? (column) => making.column(column).get(made.get(read("field"))) : () => null;
    const reads = (how("reads") || "").split("\n").filter(Boolean);
    for (const each of reads) used.add(each);
    const equal = read("answer") === "equal", back = equal ? read("mapped") : read("back");
    const compared = equal || read("answer").startsWith("equal ") || read("answer") === "different";
    const differ = compared && !equal;
    const line = make("tr", { id: "field-" + at, tabindex: "-1", "data-field": read("field") },
      make("th", { scope: "row", class: "code" }, make("a", { href: fieldAddress(row, read("field")) }, value(read("field")))),
      sourceCell(reads, values, how("ref")),
      differ ? beside(read("mapped"), back) : make("td", { class: "long" }, value(read("mapped"))),
      !compared ? make("td", {}, "") : differ ? beside(back, read("mapped")) : make("td", { class: "long" }, value(back)),
      answerCell(read("answer")), madeCell(how), aboutCell(read("field"), findings, told, worklist, items));
    return line;
  });
  const heads = ["target field", "source", "mapped", "read back", "compared", "made by", "findings and decisions"];
  const parts = [make("h3", {}, name), tableOf(name, heads, lines)];
  const rest = [...values].filter(([label]) => !used.has(label));
  if (!values.size) parts.push(make("p", { class: "note" }, "The source values are not in the run folder any more, or this run did not note how to read them."));
  if (rest.length) parts.push(make("p", { class: "note" }, ...rest.flatMap(([label, held]) => [`${label} `, value(held), "; "])));
  return parts;
}
const fieldAddress = (row, field) => address([["view", "record"], ["row", row], ["field", field]]);

function notInPage(fields, row) {
  let records = 0, last = null;
  for (let at = 0; at < fields.rows; at++) {
    const record = fields.column("record").get(at);
    if (record !== last) records++;
    last = record;
  }
  const run = document.body.dataset.run;
  const what = records ? `This page shows ${number(records)} of ${number(fields.total)} records field by field: those with findings, `
    + "differences or decisions first, then some of each kind without any. This is not one of them. A terminal shows it:"
    : "This page shows no record field by field: the run did not get so far, or an older version made it. A terminal shows what there is:";
  return make("p", { class: "lead" }, what + " ",
    make("span", { class: "command code" }, `lms-migrate record WORKSPACE --row ${row} --run ${run}`));
}
function sourceCell(reads, values, ref) {
  const list = make("dl", { class: "pairs" });
  for (const each of reads) {
    list.append(make("div", {}, make("dt", { class: "code" }, value(each)), make("dd", {}, values.has(each) ? value(values.get(each)) : "not known")));
  }
  const parts = reads.length ? [list] : [make("span", { class: "nothing" }, "nothing: the same in every record")];
  if (ref) parts.push(make("span", { class: "origin" }, "names a record of ", value(ref)));
  return make("td", {}, ...parts);
}
function answerCell(answer) {
  const kind = answer === "equal" ? "good" : answer === "different" || answer.startsWith("not found") ? "bad" : "under";
  const sign = { good: "\u2713 ", bad: "\u2717 ", under: "" }[kind];
  return make("td", { class: "answer" }, make("span", { class: kind }, make("span", { "aria-hidden": "true" }, sign), answer));
}
function madeCell(how) {
  if (how("file") === null) return make("td", { class: "nothing" }, "by no line of the mapping");
  const place = make("span", { class: "code" }, value(`${how("file")}:${how("line")}`));
  return make("td", {}, make("details", {}, make("summary", {}, place), make("pre", { class: "code lines", tabindex: "0" }, asWritten(how("text")))));
}
// Blanks that indent are no riddle; every other sign that one cannot see is spelled out.
function asWritten(text) {
  const shown = make("bdi", { dir: "ltr" });
  for (const sign of text) sign === " " || sign === "\n" ? shown.append(sign) : drawPieces(shown, sign, false);
  shown.normalize();
  return shown;
}
// Findings about the field, and what was decided about it, as far as an item is about the field or about one of its findings.
function aboutCell(field, findings, told, worklist, items) {
  const list = make("ul", { class: "about" });
  for (const at of told.filter((each) => findings.column("field").get(each) === field)) {
    const read = (column) => findings.column(column).get(at);
    list.append(make("li", {}, make("span", { class: "severity severity-" + read("severity") }, read("severity")), " ",
      make("span", { class: "code" }, value(read("code"))), " ", value(read("message"))));
  }
  for (const at of items.filter((each) => worklist.column("field").get(each) === field)) {
    const read = (column) => worklist.column(column).get(at);
    const line = make("li", {}, make("a", { href: itemAddress(at) }, make("span", { class: "code" }, read("item"))), " ",
      make("span", { class: "state state-" + read("state") }, read("state")));
    if (read("decision")) {
      line.append(": ", make("b", {}, read("decision")), " ", ...(read("new_value") ? [value(read("new_value")), " "] : []),
        value(read("reason") || ""), " ", make("span", { class: "who" }, value(read("by") || "nobody is named"), ", ", read("at") || "no date"));
      if (read("why")) line.append(" ", value(read("why")));
    }
    list.append(line);
  }
  return make("td", { class: "about-field" }, ...(list.childElementCount ? [list] : []));
}
// The field that the address names is marked and brought into view.
function showField(field) {
  if (!field) return;
  for (const line of byId("record").querySelectorAll("tr[data-field]")) {
    if (line.dataset.field !== field) continue;
    line.classList.add("chosen");
    line.setAttribute("aria-current", "true");
    const details = line.querySelector("details");
    if (details) details.open = true;
    line.scrollIntoView({ block: "center" });
  }
}
