// ---- the way here: from the entities to a rule, its records, one of them and one of its fields -----------------------
let lastRows = null; // the list or search that was last shown: { title, href }

function crumbs(...steps) {
  const list = make("ol", {});
  const all = [["All entities", "#entities"], ...steps];
  all.forEach(([text, href], at) => {
    const shown = text instanceof Node ? text : value(text);
    const here = at === all.length - 1;
    list.append(make("li", {}, href && !here ? make("a", { href }, shown) : make("span", here ? { "aria-current": "page" } : {}, shown)));
  });
  byId("crumbs").replaceChildren(list);
}
const entityStep = (name) => [name, address([["view", "entity"], ["entity", name]])];

function crumbsOfList(view, query) {
  const title = heading(view, query);
  lastRows = { title, href: location.hash };
  const entities = query.getAll("entity");
  crumbs(...(entities.length === 1 && entities[0] !== NULL ? [entityStep(entities[0])] : []), [title, null]);
}
function crumbsOfRecord(entity, key, query) {
  const steps = entity ? [entityStep(entity)] : [];
  if (lastRows) steps.push([lastRows.title, lastRows.href]);
  const own = new URLSearchParams(query);
  own.delete("field");
  const field = query.get("field");
  steps.push([value(key || "without a key"), field ? "#" + own.toString() : null]);
  if (field) steps.push([field, null]);
  crumbs(...steps);
}

// ---- one entity: the rules that its records came up against ----------------------------------------------------------
async function entityView(query) {
  const [rules, dispositions, differences] = await Promise.all(["rules", "dispositions", "differences"].map(load));
  const entity = query.get("entity") || "";
  const of = (table) => (table.rows ? select(table, [table.column("entity").test((held) => held === entity)]) : []);
  byId("drawer-title").replaceChildren("Entity ", value(entity));
  crumbs([entity, null]);
  const link = (text, ...pairs) => make("a", { href: address(pairs) }, text);
  const parts = [make("h3", {}, "Records"), ended(dispositions, of(dispositions), entity, link)];
  const told = of(rules);
  parts.push(make("h3", {}, "Rules and root causes"));
  if (!told.length) parts.push(make("p", { class: "nothing" }, "No finding is about a record of this entity."));
  else {
    const heads = ["severity", "code", "meaning", "findings", "records here", "at fault themselves", "records concerned, in all entities"];
    const lines = told.map((at) => {
      const read = (column) => rules.column(column).get(at);
      const pairs = [["view", "findings"], ["entity", entity], ["code", read("code") === null ? NULL : read("code")],
        ["cause", read("cause") === null ? NULL : read("cause")], ["of", read("findings")]];
      const found = link(number(read("findings")), ...pairs);
      found.className = "count";
      found.setAttribute("aria-label", `${read("code")}: ${number(read("findings"))}, show the rows`);
      const count = (n) => make("td", { class: "n" }, n === null ? "" : number(n));
      return make("tr", {}, make("td", {}, make("span", { class: "severity severity-" + read("severity") }, read("severity") || "")),
        make("th", { scope: "row", class: "code" }, value(read("code"))), make("td", { class: "long" }, value(read("title"))),
        make("td", { class: "n" }, found), count(read("records")), count(read("own")), count(read("reach")));
    });
    parts.push(tableOf("Rules and root causes", heads, lines, 3));
  }
  const fields = new Map();
  for (const at of of(differences)) {
    const name = differences.column("field").get(at) || differences.column("kind").get(at);
    fields.set(name, (fields.get(name) || 0) + 1);
  }
  if (fields.size) {
    const lines = [...fields].map(([name, n]) => {
      const by = ["missing", "extra"].includes(name) ? ["kind", name] : ["field", name];
      const found = link(number(n), ["view", "differences"], ["entity", entity], by);
      found.setAttribute("aria-label", `${name}: ${number(n)}, show the rows`);
      return make("tr", {}, make("th", { scope: "row", class: "code" }, value(name)), make("td", { class: "n" }, found));
    });
    parts.push(make("h3", {}, "Differences by field"), tableOf("Differences by field", ["field", "differences"], lines, 1));
    if (differences.rows < differences.total) parts.push(make("p", { class: "note" }, "Of the differences that this page carries."));
  }
  byId("record").replaceChildren(...parts);
}
function ended(table, rows, entity, link) {
  const counts = new Map();
  for (const at of rows) counts.set(table.column("disposition").get(at), (counts.get(table.column("disposition").get(at)) || 0) + 1);
  const line = make("p", { class: "need-line" }, link("All records", ["view", "dispositions"], ["entity", entity]));
  if (table.rows < table.total) return line; // the page does not carry them all, so it does not count them
  for (const [name, n] of counts) {
    line.append(make("span", {}, link(number(n), ["view", "dispositions"], ["entity", entity], ["disposition", name], ["of", n]), ` ${name}`));
  }
  return line;
}
// A table with its heads; those from `numbers` on stand over numbers.
function tableOf(name, heads, lines, numbers = heads.length) {
  const head = make("tr", {}, ...heads.map((text, at) => make("th", { scope: "col", ...(at >= numbers ? { class: "n" } : {}) }, text)));
  return make("div", { class: "wide", role: "region", tabindex: "0", "aria-label": name },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)));
}
