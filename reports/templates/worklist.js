// ---- items of the worklist: one of them, and those beside a record ------------------------------------------------
let lastList = null; // the rows of the worklist as they were last listed, and their address

// An item of a record is named by one of its findings, or is about the record itself.
function itemRows(worklist, row, findings, told) {
  if (!worklist.rows) return [];
  const found = new Set(told.map((at) => findings.column("item").get(at)).filter((item) => item !== null).map((item) => item - 1));
  if (row !== null) {
    const own = String(row), column = worklist.column;
    const about = select(worklist, [column("records").test((held) => held !== null && held.split(" ").includes(own))]);
    const kept = select(worklist, [column("kind").test((held) => held === "merge"), column("root_record").test((held) => held === row)]);
    for (const at of [...about, ...kept]) found.add(at);
  }
  return [...found].filter((at) => at < worklist.rows).sort((a, b) => a - b);
}
function itemsBeside(worklist, rows) {
  if (!rows.length) return [];
  const columns = ["item", "state", "code", "field", "value", "decision", "new_value", "by", "at", "reason", "why", "mark"];
  const used = columns.filter((column) => ["item", "state", "code"].includes(column)
    || rows.some((at) => (column === "mark" ? markOf(at) : worklist.column(column).get(at))));
  return section("Worklist", worklist, rows, used);
}
LABELS.new_value = "new value";
LABELS.by = "decided by";
LABELS.at = "when";
LABELS.last_run = "last seen";
LABELS.records = "source records";

const itemAddress = (at) => address([["view", "item"], ["row", at + 1]]);

async function item(query) {
  const [table, verbs, codes, findings] = await Promise.all(["worklist", "verbs", "codes", "findings"].map(load));
  const at = Number(query.get("row")) - 1;
  if (!Number.isInteger(at) || at < 0 || at >= table.rows) {
    byId("drawer-title").textContent = "Item of the worklist";
    byId("record").replaceChildren(make("p", { class: "nothing" }, "This page does not hold this item."));
    return;
  }
  const read = (column) => table.column(column).get(at);
  byId("drawer-title").replaceChildren(`${read("code") || "Item"} \u00b7 `, make("span", { class: "code" }, read("item")));
  const told = findings.rows ? select(findings, [findings.column("item").test((held) => held === at + 1)]) : [];
  const beside = make("div", { class: "item-facts" }, itemFacts(table, at, read, codes, told.length), lastDecision(read));
  crumbs(...(lastRows ? [[lastRows.title, lastRows.href]] : [["Worklist", address([["view", "worklist"]])]]), [read("item"), null]);
  byId("record").replaceChildren(steps(at), make("div", { class: "item" }, beside, itemForm(table, at, verbs)));
}

function itemFacts(table, at, read, codes, told) {
  const list = make("dl", { class: "facts" });
  const fact = (name, ...shown) => list.append(make("div", {}, make("dt", {}, name), make("dd", {}, ...shown)));
  const known = (name, column) => { if (read(column) !== null && read(column) !== "") fact(name, value(String(read(column)))); };
  fact("state", make("span", { class: "state state-" + read("state") }, read("state")));
  known("because", "why");
  fact("what it is about", read("kind") + (read("about") ? " " : ""), ...(read("about") ? [value(read("about"))] : []));
  const means = meaning(codes, read("entity"), read("code")) || read("code") || "";
  fact("meaning", value(means));
  known("severity", "severity");
  fact("where", value([read("entity") || "the run", read("field")].filter(Boolean).join(".")));
  if (read("key") !== null) fact("source key", recordLink(read));
  if (read("value") !== null) fact("value", value(read("value")));
  const merge = read("kind") === "merge";
  if (merge) fact("merged into it", value(read("members") || ""), ...memberLinks(read));
  if (read("root") !== null && read("root") !== `${read("entity")}/${read("key")}`) {
    fact(merge ? "the record that is kept" : "root cause", rootLink(read));
  }
  if (read("message") !== null && read("message") !== means) fact("message", value(read("message")));
  fact("records at fault", number(read("rows")));
  fact("records that wait for them", number(read("waiting")));
  fact("since", value(read("first_run") || ""), read("times") > 1 ? ` (${number(read("times"))} runs)` : "");
  if (read("state") === "closed") known("last seen", "last_run");
  if (told) {
    const link = [["view", "findings"], ["item", at + 1], ["of", told]];
    fact("findings", make("a", { href: address(link) }, number(told)));
  }
  return list;
}
function recordLink(read) {
  const records = (read("records") || "").split(" ").filter(Boolean);
  const pairs = records.length === 1 ? [["row", records[0]]] : [["entity", read("entity")], ["key", read("key")]];
  return make("a", { href: address([["view", "record"], ...pairs]) }, value(read("key")));
}
// By their rows: their keys may be masked.
function memberLinks(read) {
  const links = (read("records") || "").split(" ").filter(Boolean).flatMap((row) =>
    [", ", make("a", { href: address([["view", "record"], ["row", row]]) }, number(Number(row)))]);
  return links.length ? [" (rows ", ...links.slice(1), ")"] : [];
}
function rootLink(read) {
  if (read("root_record") === null) return value(read("root"));
  return make("a", { href: address([["view", "record"], ["row", read("root_record")]]) }, value(read("root")));
}

function lastDecision(read) {
  if (!read("decision")) return make("p", { class: "nothing" }, "Nobody has decided about it before.");
  const list = make("dl", { class: "facts" });
  for (const [name, column] of [["decision", "decision"], ["new value", "new_value"], ["why", "reason"], ["by", "by"], ["when", "at"]]) {
    if (read(column)) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value(read(column)))));
  }
  return make("div", {}, make("h3", {}, "The last decision"), list);
}

// To the list and along it, as it was last shown.
function steps(at) {
  const line = make("p", { class: "steps" });
  line.append(make("a", { href: lastList ? lastList.href : address([["view", "worklist"]]) }, "All items"));
  const place = lastList ? lastList.order.indexOf(at) : -1;
  if (place > 0) line.append(make("a", { href: itemAddress(lastList.order[place - 1]) }, "Previous item"));
  if (place >= 0 && place + 1 < lastList.order.length) {
    line.append(make("a", { href: itemAddress(lastList.order[place + 1]), id: "next-item" }, "Next item"));
  }
  if (place >= 0) line.append(make("span", {}, `${number(place + 1)} of ${number(lastList.order.length)}`));
  return line;
}
