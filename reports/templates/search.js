// ---- search: a person, a course, any record or decision, in source, target and worklist ------------------------------
const LISTED_HITS = 50;

// The address of the one record, or item, whose key is what was typed; null where that is not one alone.
async function theOnly(text) {
  const found = [];
  for (const view of ["dispositions", "differences", "findings"]) {
    const table = await load(view);
    if (!table.rows || found.length) continue;
    const columns = ["key", "target_key"].filter((column) => table.column(column)).map((column) => table.column(column).test((held) => held === text));
    const rows = select(table, [(row) => columns.some((test) => test(row))]);
    found.push(...new Set(rows.map((row) => recordAddress(view, table, row))));
  }
  return found.length === 1 ? found[0] : null;
}

async function searchView(query) {
  const typed = query.get("q") || "", text = typed.trim().toLowerCase();
  byId("drawer-title").replaceChildren("Search ", value(typed));
  const names = ["dispositions", "names", "sources", "fields", "findings", "differences", "worklist", "links"];
  const tables = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await load(name)])));
  lastRows = { title: `Search \u201c${typed}\u201d`, href: location.hash };
  crumbs([lastRows.title, null]);
  const parts = [searchAgain(typed)];
  const hits = text ? recordHits(tables, text) : new Map();
  const items = text ? itemHits(tables.worklist, text) : [];
  const extras = text ? extraHits(tables.differences, text) : [];
  const total = hits.size + items.length + extras.length;
  parts.push(make("p", { role: "status" }, `${things(hits.size + extras.length, "record", "records")}, `
    + `${things(items.length, "item of the worklist", "items of the worklist")}.`));
  parts.push(...(total ? [] : [make("p", { class: "nothing" }, "Nothing in this page holds this text.")]));
  parts.push(...recordGroups(tables, hits, text));
  if (extras.length) {
    const lines = extras.slice(0, LISTED_HITS).map(([href, entity, key]) => make("tr", {}, make("td", {}, value(entity)),
      make("th", { scope: "row" }, make("a", { href }, value(key))), make("td", {}, "in the target, and not in the source")));
    parts.push(make("h3", {}, `Only in the target: ${number(extras.length)}`), tableOf("Only in the target", ["entity", "target key", "what"], lines));
  }
  if (items.length) {
    const read = (at, column) => tables.worklist.column(column).get(at);
    const lines = items.slice(0, LISTED_HITS).map(([at, column]) => make("tr", {},
      make("th", { scope: "row", class: "code" }, make("a", { href: itemAddress(at) }, read(at, "item"))),
      make("td", {}, read(at, "state")), make("td", { class: "code" }, value(read(at, "code"))),
      make("td", {}, read(at, "decision") || ""), make("td", { class: "long" }, `${label(column)} `, value(String(read(at, column))))));
    parts.push(make("h3", {}, `Worklist and decisions: ${number(items.length)}`),
      tableOf("Worklist and decisions", ["item", "state", "code", "decision", "found in"], lines));
    parts.push(...more(items.length));
  }
  parts.push(whatIsSearched(tables));
  byId("record").replaceChildren(...parts);
}
const more = (n) => (n > LISTED_HITS ? [make("p", { class: "note" }, `and ${number(n - LISTED_HITS)} more: type more of the text`)] : []);

function searchAgain(typed) {
  const again = make("input", { type: "search", id: "search-again", autocomplete: "off", spellcheck: "false" });
  again.value = typed;
  const form = make("form", { role: "search", class: "search-again" }, make("label", { for: "search-again" }, "Search for"), again,
    make("button", { type: "submit" }, "Find"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (again.value.trim()) location.hash = address([["view", "search"], ["q", again.value.trim()]]);
  });
  return form;
}

// { row of the dispositions: [how near, what matched, the text] }; the nearest of each record.
function recordHits(tables, text) {
  const hits = new Map();
  const look = (table, column, recordColumn, what) => {
    if (!table.rows || !table.column(column)) return;
    const test = table.column(column).includes(text), record = table.column(recordColumn);
    for (let at = 0; at < table.rows; at++) {
      if (!test(at)) continue;
      const row = record.get(at);
      if (row === null) continue;
      const held = String(table.column(column).get(at)), low = held.toLowerCase();
      const near = low === text ? 0 : low.startsWith(text) ? 1 : 2;
      if (!hits.has(row) || hits.get(row)[0] > near) hits.set(row, [near, what(at), held]);
    }
  };
  const named = (table, column) => (at) => tables[table].column(column).get(at);
  look(tables.dispositions, "key", "row", () => "key");
  look(tables.dispositions, "target_key", "row", () => "target key");
  look(tables.names, "value", "record", named("names", "field"));
  look(tables.sources, "value", "record", named("sources", "source"));
  look(tables.fields, "mapped", "record", named("fields", "field"));
  look(tables.fields, "back", "record", (at) => `read back ${tables.fields.column("field").get(at)}`);
  look(tables.findings, "value", "record", (at) => `finding ${tables.findings.column("code").get(at)}, value`);
  look(tables.findings, "message", "record", (at) => `finding ${tables.findings.column("code").get(at)}`);
  look(tables.differences, "expected", "record", (at) => `expected ${tables.differences.column("field").get(at)}`);
  look(tables.differences, "actual", "record", (at) => `read back ${tables.differences.column("field").get(at)}`);
  return hits;
}
function itemHits(worklist, text) {
  if (!worklist.rows) return [];
  const columns = ["item", "code", "key", "value", "message", "members", "decision", "new_value", "reason", "by", "why"];
  const tests = columns.map((column) => [column, worklist.column(column).includes(text)]);
  const found = [];
  for (let at = 0; at < worklist.rows; at++) {
    const hit = tests.find(([, test]) => test(at));
    if (hit) found.push([at, hit[0]]);
  }
  return found;
}
// Records that are in the target alone have no row among the dispositions.
function extraHits(differences, text) {
  if (!differences.rows) return [];
  const holds = differences.column("target_key").includes(text), record = differences.column("record");
  return select(differences, [(at) => record.get(at) === null && holds(at)]).map((at) =>
    [recordAddress("differences", differences, at), differences.column("entity").get(at), differences.column("target_key").get(at)]);
}
function recordGroups(tables, hits, text) {
  const { dispositions } = tables;
  const groups = new Map();
  for (const [row, hit] of hits) {
    const at = placeOf(dispositions, row);
    const entity = at === undefined ? "records that this page does not list" : dispositions.column("entity").get(at);
    if (!groups.has(entity)) groups.set(entity, []);
    groups.get(entity).push([row, at, hit]);
  }
  const parts = [];
  // Groups with the nearest hits first.
  const nearest = (rows) => rows.reduce((least, [, , [near]]) => Math.min(least, near), 9);
  for (const [entity, rows] of [...groups].sort((a, b) => nearest(a[1]) - nearest(b[1]))) {
    rows.sort((a, b) => a[2][0] - b[2][0] || a[0] - b[0]);
    const listed = rows.slice(0, LISTED_HITS);
    const names = namesOf(tables.names, listed.map(([row]) => row));
    const counts = referring(tables, listed.map(([row]) => row));
    const lines = listed.map(([row, at, [, what, held]]) => make("tr", {}, make("th", { scope: "row" }, recordText(dispositions, row, names)),
      make("td", {}, at === undefined ? "" : value(dispositions.column("target_key").get(at) || "none")),
      make("td", {}, at === undefined ? "" : dispositions.column("disposition").get(at)),
      make("td", { class: "long" }, make("span", { class: "code" }, what), " ", ...marked(held, text)),
      make("td", { class: "long" }, [...(counts.get(row) || [])].map(([name, n]) => `${name} ${number(n)}`).join(", "))));
    parts.push(make("h3", {}, value(entity), `: ${number(rows.length)}`),
      tableOf(`Found in ${entity}`, ["record", "target key", "disposition", "found in", "referred to by"], lines), ...more(rows.length));
  }
  return parts;
}
// What was found, with the part that matches marked; a long text is cut around it.
function marked(held, text) {
  const at = held.toLowerCase().indexOf(text);
  const start = Math.max(0, at - 60), end = Math.min(held.length, at + text.length + 60);
  // Sign by sign: a blank beside the mark is an ordinary one.
  const piece = (from, to) => {
    const shown = make("bdi", { class: "value", dir: "auto" });
    for (const sign of held.slice(from, to)) sign === " " ? shown.append(sign) : drawPieces(shown, sign, false);
    return shown;
  };
  if (at < 0 || held.toLowerCase().length !== held.length) return [value(held.slice(0, LONGEST) + (held.length > LONGEST ? "\u2026" : ""))];
  return [start ? "\u2026" : "", ...(at > start ? [piece(start, at)] : []), make("mark", {}, piece(at, at + text.length)),
    ...(end > at + text.length ? [piece(at + text.length, end)] : []), end < held.length ? "\u2026" : ""];
}
// { row: { entity: how many of its records refer to it } }.
function referring(tables, rows) {
  const { links, dispositions } = tables;
  const found = new Map(rows.map((row) => [row, new Map()]));
  if (!links.rows) return found;
  const refers = links.column("refers"), seen = new Set();
  for (let at = 0; at < links.rows; at++) {
    const counts = found.get(refers.get(at));
    if (!counts) continue;
    const record = links.column("record").get(at);
    if (seen.has(`${record} ${refers.get(at)}`)) continue;
    seen.add(`${record} ${refers.get(at)}`);
    const place = placeOf(dispositions, record);
    const entity = place === undefined ? "others" : dispositions.column("entity").get(place);
    counts.set(entity, (counts.get(entity) || 0) + 1);
  }
  return found;
}
function whatIsSearched(tables) {
  const lines = [`Searched: keys and target keys of ${number(tables.dispositions.rows)} of ${number(tables.dispositions.total)} records, `
    + `${number(tables.names.rows)} of ${number(tables.names.total)} names, titles, codes and logins, all values of the records that this page `
    + "shows field by field, findings, differences, and the worklist with what was decided. Other values are in the run folder alone."];
  if (document.body.dataset.masked) {
    lines.push("Personal data is masked in this page, so a name is found only as it is shown, such as \u201cA. F.\u201d. "
      + "Who may see it renders their own page: lms-migrate report WORKSPACE --role ROLE");
  }
  return make("div", { class: "searched" }, ...lines.map((line) => make("p", { class: "lead" }, line)));
}
