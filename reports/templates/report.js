// Draws the rows behind the numbers. Text from a run only ever enters the page as text nodes.
// reports/html.py puts this file and those beside it into one function, and calls route() at its end.
const NULL = "\u2205"; // stands for null in an address
const ROW = 30;        // height of a row, as in the style
const LONGEST = 300;   // characters of a value drawn in a row; a record's own view draws all
const LOOK_ALIKE = new Set(["Unicode form", "blanks or invisible characters"]);
const VIEWS = {
  dispositions: {
    title: "Records", record: "row", facets: ["entity", "disposition", "code", "read_back"],
    columns: { entity: 9, key: 13, target_key: 16, disposition: 8, code: 10, read_back: 9 },
  },
  findings: {
    title: "Findings", record: "record", facets: ["severity", "code", "entity", "field", "state"],
    columns: { severity: 8, code: 10, entity: 9, key: 11, field: 9, value: 15, message: 32, root: 13 },
  },
  differences: {
    title: "Differences", record: "record", facets: ["entity", "kind", "field", "how"],
    columns: { entity: 9, key: 10, target_key: 12, field: 9, kind: 7, how: 16, expected: 19, actual: 19 },
  },
  worklist: {
    title: "Worklist", record: "root_record", facets: ["state", "severity", "code", "entity", "field", "decision", "mark"],
    columns: {
      state: 7, mark: 8, decision: 8, severity: 8, code: 11, entity: 9, field: 9, key: 8, value: 10, message: 20, rows: 7,
      waiting: 7, times: 6, first_run: 11,
    },
    hide: ["kind", "item"], opens: "item",
  },
};
const LABELS = {
  target_key: "target key", read_back: "read back", root: "root cause", actual: "in the target", rows: "records",
  first_run: "since", mark: "marked",
};
const label = (column) => LABELS[column] || column;
const byId = (id) => document.getElementById(id);
const number = (n) => n.toLocaleString();

// ---- elements -------------------------------------------------------------------------------------------------
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(child))));
  return element;
}

// The same rules as reports/visible.py.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Zs}]/u;
function pieces(text, spell) {
  if (text === null) return [["nothing", "null"]];
  if (text === "") return [["nothing", "empty text"]];
  const blank = new Set();
  for (const found of text.matchAll(/^ +| +$| {2,}/g)) {
    for (let at = 0; at < found[0].length; at++) blank.add(found.index + at);
  }
  const cut = [];
  let at = 0;
  for (const sign of text) {
    const hidden = sign !== " " && INVISIBLE.test(sign);
    let kind = "text", drawn = sign;
    if (blank.has(at)) [kind, drawn] = ["blank", "\u00b7"];
    else if (hidden || (spell && sign.codePointAt(0) > 126)) [kind, drawn] = ["sign", codePoint(sign)];
    const last = cut[cut.length - 1];
    if (last && last[0] === kind && kind !== "sign") last[1] += drawn;
    else cut.push([kind, drawn]);
    at += sign.length;
  }
  return cut;
}
const codePoint = (sign) => "U+" + sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
function drawPieces(parent, text, spell) {
  for (const [kind, drawn] of pieces(text, spell)) {
    parent.append(kind === "text" ? drawn : make("span", { class: kind }, drawn));
  }
  return parent;
}
const value = (text, spell) => drawPieces(make("bdi", { class: "value", dir: "auto" }), text, spell);

// ---- data -----------------------------------------------------------------------------------------------------
const loading = {};
function load(name) {
  loading[name] = loading[name] || unpack(name);
  return loading[name];
}
async function unpack(name) {
  const holder = byId("data-" + name);
  if (!holder) return { rows: 0, total: 0, file: "", column: () => undefined };
  const packed = Uint8Array.from(atob(holder.textContent), (sign) => sign.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  const columns = {};
  for (const [column, stored] of Object.entries(data.columns)) columns[column] = reader(stored);
  const table = { rows: data.rows, total: data.total, file: data.file, column: (column) => columns[column] };
  if (name === "worklist") {
    columns.mark = markColumn(table);
    remember(table);
  }
  return table;
}
// What each column costs only once: its texts in small letters, and the place of each value in the order.
function reader(stored) {
  if (stored.steps) {
    let sum = 0;
    stored.plain = stored.steps.map((step) => (sum += step));
  }
  const values = stored.plain || stored.values;
  const code = stored.plain ? (row) => row : (row) => stored.codes[row];
  let lowered = null, rank = null;
  return {
    get: (row) => values[code(row)],
    test: (wanted) => {
      if (stored.plain) return (row) => wanted(values[row]);
      const good = values.map(wanted);
      return (row) => good[stored.codes[row]];
    },
    includes: (text) => {
      lowered = lowered || values.map((held) => (held === null ? null : String(held).toLowerCase()));
      const holds = (held) => held !== null && held.includes(text);
      if (stored.plain) return (row) => holds(lowered[row]);
      const good = lowered.map(holds);
      return (row) => good[stored.codes[row]];
    },
    distinct: () => (stored.plain ? [...new Set(values)] : values),
    order: () => {
      rank = rank || ranks(values);
      return (a, b) => rank[code(a)] - rank[code(b)];
    },
  };
}
// A collator takes seconds for 200,000 texts. Keys that sort as plain text take a tenth of that.
function ranks(values) {
  const keys = values.map(sortKey);
  const before = (a, b) => {
    const x = keys[a], y = keys[b];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  const places = Uint32Array.from(values, (_, at) => at).sort(before);
  const rank = new Uint32Array(values.length);
  let place = 0;
  places.forEach((at, nth) => {
    if (nth && keys[at] !== keys[places[nth - 1]]) place = nth;
    rank[at] = place;
  });
  return rank;
}
// Null first, then by letters without marks and case, numbers in texts by their size; equal ones by the text itself.
function sortKey(held) {
  if (held === null) return "";
  if (typeof held === "number") return (held < 0 ? "\u0001" : "\u0002") + String(held < 0 ? 1e16 + held : held).padStart(24, "0");
  const plain = /^[\x00-\x7f]*$/.test(held) ? held : held.normalize("NFKD").replace(/\p{M}/gu, "");
  // A number begins with the count of its digits; signs go before digits and letters.
  const key = plain.toLowerCase().replace(/\d+|[!-/:-@[-`{-~]+/g, (part) => {
    if (part < "0" || part >= ":") return "\u0004" + part;
    const digits = part[0] === "0" ? part.replace(/^0+(?=\d)/, "") : part;
    return String(digits.length).padStart(3, "0") + digits;
  });
  return `\u0003${key}\u0000${held}`;
}
const collator = new Intl.Collator("en", { numeric: true });
function compare(a, b) {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return typeof a === "number" ? a - b : collator.compare(a, b) || (a < b ? -1 : 1);
}
function select(table, tests) {
  const found = [];
  for (let row = 0; row < table.rows; row++) if (tests.every((test) => test(row))) found.push(row);
  return found;
}

// ---- the address ----------------------------------------------------------------------------------------------
const asked = () => new URLSearchParams(location.hash.slice(1));
const address = (pairs) => "#" + new URLSearchParams(pairs).toString();
function replaceAddress(query) {
  history.replaceState(null, "", "#" + query.toString());
}

// ---- virtual rows ---------------------------------------------------------------------------------------------
const grid = byId("grid");
const drawn = new Map();
let shown = null; // { view, table, order, active }
let body = null;

function drawGrid(view, table, order, sorted) {
  const columns = Object.entries(VIEWS[view].columns);
  const least = columns.map(([, width]) => width * 0.68);
  grid.style.setProperty("--columns", columns.map(([, width], at) => `minmax(${least[at]}rem, ${width}fr)`).join(" "));
  grid.style.setProperty("--least", least.reduce((sum, width) => sum + width) + "rem");
  const head = make("div", { class: "grid-row grid-head", role: "row", "aria-rowindex": "1" });
  columns.forEach(([column], place) => {
    const sort = sorted.column === column ? (sorted.down ? "descending" : "ascending") : "none";
    const arrow = { ascending: "\u2191", descending: "\u2193", none: "" }[sort];
    const button = make("button", { type: "button" }, label(column), ...(arrow ? [make("span", { "aria-hidden": "true" }, ` ${arrow}`)] : []));
    button.addEventListener("click", () => sortBy(column));
    head.append(make("div", { class: "grid-cell", role: "columnheader", "aria-sort": sort, "aria-colindex": place + 1 }, button));
  });
  body = make("div", { class: "grid-body", role: "rowgroup" });
  body.style.height = order.length * ROW + "px";
  grid.replaceChildren(head, body);
  grid.setAttribute("aria-rowcount", String(order.length + 1));
  grid.setAttribute("aria-colcount", String(columns.length));
  grid.setAttribute("aria-label", `${VIEWS[view].title}: arrow keys move, Enter opens what the row is about`);
  grid.removeAttribute("aria-activedescendant");
  grid.scrollTop = 0;
  drawn.clear();
  shown = { view, table, order, active: 0 };
  drawRows();
}
function drawRows() {
  if (!shown) return;
  const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - 10);
  const last = Math.min(shown.order.length, Math.ceil((grid.scrollTop + grid.clientHeight) / ROW) + 10);
  for (const [at, element] of drawn) {
    if (at < first || at >= last) {
      element.remove();
      drawn.delete(at);
    }
  }
  for (let at = first; at < last; at++) if (!drawn.has(at)) drawn.set(at, body.appendChild(drawRow(at)));
  markActive();
}
function drawRow(at) {
  const { view, table, order } = shown;
  const element = make("div", { class: "grid-row", role: "row", id: "grid-row-" + at, "aria-rowindex": at + 2 });
  element.style.top = at * ROW + "px";
  const how = table.column("how");
  const spell = Boolean(how) && LOOK_ALIKE.has(how.get(order[at]));
  Object.keys(VIEWS[view].columns).forEach((column, place) => {
    const held = table.column(column).get(order[at]);
    const text = typeof held === "number" ? number(held) : held;
    const cell = make("div", { class: "grid-cell", role: "gridcell", "aria-colindex": place + 1 });
    if (text !== null || (["value", "expected", "actual"].includes(column) && view !== "worklist")) {
      const cut = text !== null && text.length > LONGEST ? text.slice(0, LONGEST) + "\u2026" : text;
      cell.append(value(cut, spell && ["expected", "actual"].includes(column)));
    }
    if (column === "key" && view !== "worklist") cell.classList.add("opens");
    if (typeof held === "number") cell.classList.add("n");
    element.append(cell);
  });
  element.addEventListener("click", () => openRow(at));
  return element;
}
function markActive() {
  for (const [at, element] of drawn) element.setAttribute("aria-selected", String(at === shown.active));
  if (drawn.has(shown.active)) grid.setAttribute("aria-activedescendant", "grid-row-" + shown.active);
}
function openRow(at) {
  const { view, table, order } = shown;
  const found = recordAddress(view, table, order[at]);
  if (found) location.hash = found;
}
// A record's address: its row among the dispositions where it has one, else its keys. A finding about no record
// in particular has its item's, where the run has a worklist.
function recordAddress(view, table, row) {
  if (VIEWS[view].opens) return address([["view", VIEWS[view].opens], ["row", row + 1]]);
  const record = table.column(VIEWS[view].record).get(row);
  const pairs = record !== null ? [["row", record]]
    : ["entity", "key", "target_key"].map((name) => [name, table.column(name) ? table.column(name).get(row) : null])
      .filter(([, text]) => text !== null);
  if (!pairs.every(([name]) => name === "entity")) return address([["view", "record"], ...pairs]);
  const item = table.column("item") ? table.column("item").get(row) : null;
  return item === null ? null : address([["view", "item"], ["row", item]]);
}
const KEYS = {
  ArrowDown: (at) => at + 1, ArrowUp: (at) => at - 1, Home: () => 0, End: () => Infinity,
  PageDown: (at, page) => at + page, PageUp: (at, page) => at - page,
};
grid.addEventListener("scroll", drawRows, { passive: true });
grid.addEventListener("keydown", (event) => {
  if (event.target !== grid || !shown || !shown.order.length) return;
  if (event.key === "Enter") return openRow(shown.active);
  const move = KEYS[event.key];
  if (!move) return;
  event.preventDefault();
  const page = Math.max(1, Math.floor(grid.clientHeight / ROW) - 2);
  shown.active = Math.max(0, Math.min(shown.order.length - 1, move(shown.active, page)));
  const top = shown.active * ROW;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + 3 * ROW > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + 3 * ROW - grid.clientHeight;
  drawRows();
});
window.addEventListener("resize", drawRows);

// ---- a list of rows -------------------------------------------------------------------------------------------
let sorted = {};
function sortBy(column) {
  sorted = { column, down: sorted.column === column && !sorted.down };
  const { view, table, order } = shown;
  const stored = table.column(column);
  const inOrder = stored.order ? stored.order() : (a, b) => compare(stored.get(a), stored.get(b));
  order.sort((a, b) => (sorted.down ? inOrder(b, a) : inOrder(a, b)) || a - b);
  drawGrid(view, table, order, sorted);
  byId("rows-status").textContent = `${things(order.length, "row", "rows")}, sorted by ${label(column)}, ${sorted.down ? "descending" : "ascending"}`;
  grid.querySelector(`[aria-sort="${sorted.down ? "descending" : "ascending"}"] button`).focus();
}

function tests(view, table, query) {
  const found = [];
  for (const column of new Set(query.keys())) {
    const stored = table.column(column);
    if (!stored || column === "q") continue;
    const wanted = new Set(query.getAll(column));
    found.push(stored.test((text) => wanted.has(text === null ? NULL : String(text))));
  }
  const text = (query.get("q") || "").toLowerCase();
  if (text) {
    const columns = query.get("in") === "keys" ? ["key", "target_key"]
      : [...Object.keys(VIEWS[view].columns), ...(VIEWS[view].hide || [])];
    const each = columns.filter((column) => table.column(column)).map((column) => table.column(column).includes(text));
    found.push((row) => each.some((test) => test(row)));
  }
  return found;
}

function heading(view, query) {
  const parts = [VIEWS[view].title];
  for (const column of VIEWS[view].facets) {
    const wanted = query.getAll(column).map((text) => (text === NULL ? "no " + label(column) : text));
    if (wanted.length) parts.push(wanted.join(", "));
  }
  const cause = query.get("cause");
  if (cause) {
    const need = [...document.querySelectorAll(".need[data-cause]")].find((each) => each.dataset.cause === cause);
    if (need) parts.push(need.querySelector("h3").textContent);
  }
  if (query.has("item")) parts.push("one item of the worklist");
  if (query.has("change")) parts.push("one change of value");
  if (query.has("value")) parts.push(query.get("value") === NULL ? "null" : `\u201c${query.get("value")}\u201d`);
  if (query.get("in") === "keys") parts.push(`keys with \u201c${query.get("q")}\u201d`);
  return parts.join(" \u00b7 ");
}

function drawFilters(view, table, query) {
  const form = byId("filters");
  const text = make("input", { type: "search", id: "filter-text", autocomplete: "off", spellcheck: "false" });
  text.value = query.get("q") || "";
  form.replaceChildren(make("label", {}, "Text in any column", text));
  let wait = 0;
  text.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => refine(view, table, "q", text.value ? [text.value] : []), 120);
  });
  for (const column of VIEWS[view].facets) {
    const wanted = query.getAll(column);
    if (view === "findings" && column === "state" && table.column("state").distinct().every((held) => held === null)) continue;
    const choice = make("select", { "data-column": column });
    choice.append(make("option", { value: "" }, "all"));
    if (wanted.length > 1) choice.append(make("option", { value: "several" }, wanted.join(", ")));
    for (const held of table.column(column).distinct().slice().sort(compare)) {
      choice.append(make("option", { value: "=" + (held === null ? NULL : held) }, held === null ? "none" : held));
    }
    choice.value = wanted.length > 1 ? "several" : wanted.length ? "=" + wanted[0] : "";
    choice.addEventListener("change", () => {
      if (choice.value !== "several") refine(view, table, column, choice.value ? [choice.value.slice(1)] : []);
    });
    form.append(make("label", {}, label(column), choice));
  }
  const all = make("button", { type: "button" }, "Show all");
  all.addEventListener("click", () => { location.hash = address([["view", view]]); });
  form.append(all);
}
byId("filters").addEventListener("submit", (event) => event.preventDefault());

function refine(view, table, column, wanted) {
  const query = asked();
  query.delete("of");
  if (column === "q") query.delete("in");
  query.delete(column);
  for (const text of wanted) query.append(column, text);
  replaceAddress(query);
  list(view, table, query);
}

function list(view, table, query) {
  const order = select(table, tests(view, table, query));
  if (query.get("in") === "keys") nearestFirst(table, order, query.get("q").toLowerCase());
  const cut = table.rows < table.total;
  const of = query.has("of") ? Number(query.get("of")) : null;
  byId("drawer-title").textContent = heading(view, query);
  byId("rows-status").textContent = number(order.length) + (order.length === 1 ? " row" : " rows");
  const notes = [];
  if (of !== null && of !== order.length) {
    notes.push(`The number you followed is ${number(of)}.` + (cut ? "" : " The rows do not bear it out."));
  }
  if (cut) {
    notes.push(`This page carries ${number(table.rows)} of ${number(table.total)} rows, some of every kind. `
      + `All of them are in ${table.file} in the run folder.`);
  }
  byId("rows-note").textContent = notes.join(" ");
  byId("rows-note").hidden = !notes.length;
  sorted = {};
  drawGrid(view, table, order, sorted);
  drawBulk(view, table, order);
  crumbsOfList(view, query);
}
function nearestFirst(table, order, text) {
  const columns = ["key", "target_key"].filter((column) => table.column(column));
  const near = (row) => Math.min(...columns.map((column) => {
    const held = (table.column(column).get(row) || "").toLowerCase();
    return held === text ? 0 : held.startsWith(text) ? 1 : 2;
  }));
  const distance = new Map(order.map((row) => [row, near(row)]));
  order.sort((a, b) => distance.get(a) - distance.get(b) || a - b);
}

// ---- one record -----------------------------------------------------------------------------------------------
async function record(query) {
  const [dispositions, findings, differences, worklist, codes] = await Promise.all(
    ["dispositions", "findings", "differences", "worklist", "codes"].map(load));
  let row = query.has("row") ? Number(query.get("row")) : null;
  const same = (table, column) => {
    if (!table.rows) return [];
    if (row !== null) return select(table, [table.column(column).test((held) => held === row)]);
    return select(table, ["entity", "key", "target_key"].filter((name) => query.has(name) && table.column(name))
      .map((name) => table.column(name).test((held) => held === query.get(name))));
  };
  const ended = same(dispositions, "row");
  // Who follows a link with the key of a record wants to see all of it, too. Masked keys may be those of several.
  if (row === null && query.has("key") && ended.length === 1) row = dispositions.column("row").get(ended[0]);
  const told = row === null && !query.has("key") ? [] : same(findings, "record");
  const unequal = same(differences, "record");
  const any = [[dispositions, ended], [findings, told], [differences, unequal]].find(([, rows]) => rows.length);
  const read = (name) => (any && any[0].column(name) ? any[0].column(name).get(any[1][0]) : query.get(name));
  byId("drawer-title").replaceChildren(
    (read("entity") || "Record") + " ", value(read("key") || read("target_key") || "without a key"));

  const entity = read("entity");
  const parts = [facts(dispositions, ended, read, row, codes)];
  if (!any) parts.push(make("p", { class: "nothing" }, "This page holds nothing about this record."));
  const items = itemRows(worklist, row, findings, told);
  if (row !== null) parts.push(...await fieldsOf(row, entity, findings, told, worklist, items));
  parts.push(...itemsBeside(worklist, items));
  parts.push(...section("Findings", findings, told, ["severity", "code", "field", "value", "message", "root"]));
  parts.push(...section("Differences", differences, unequal, ["field", "kind", "how", "expected", "actual"]));
  if (row !== null) parts.push(...await related(row, dispositions));
  if (row !== null && findings.rows) {
    const waiting = select(findings, [findings.column("root_record").test((held) => held === row)]);
    if (waiting.length) {
      const link = make("a", { href: address([["view", "findings"], ["root_record", row], ["of", waiting.length]]) },
        things(waiting.length, "finding of another record has", "findings of other records have") + " this one as root cause");
      parts.push(make("h3", {}, "Keeps back"), make("p", {}, link));
    }
  }
  byId("record").replaceChildren(...parts);
  crumbsOfRecord(entity, read("key") || read("target_key"), query);
  showField(query.get("field"));
}
function meaning(codes, entity, code) {
  const same = (column, wanted) => codes.column(column).test((held) => held === wanted);
  const found = codes.rows ? select(codes, [same("code", code)]) : [];
  const own = found.find((at) => codes.column("entity").get(at) === entity);
  return found.length ? codes.column("meaning").get(own === undefined ? found[0] : own) : "";
}
function facts(table, rows, read, row, codes) {
  const list = make("dl", { class: "facts" });
  const fact = (name, ...shown) => list.append(make("div", {}, make("dt", {}, name), make("dd", {}, ...shown)));
  fact("source key", read("key") === null ? "none" : value(read("key")));
  fact("target key", read("target_key") ? value(read("target_key")) : "none");
  for (const at of rows) {
    const code = table.column("code").get(at);
    fact("disposition", table.column("disposition").get(at));
    if (code) fact("because", code + " ", value(meaning(codes, read("entity"), code)));
    if (table.column("read_back").get(at)) fact("read back", table.column("read_back").get(at));
  }
  if (!rows.length) fact("disposition", row === null ? "not a source record of this run" : "not among the rows of this page");
  if (row !== null) fact("row in dispositions.parquet", number(row));
  return list;
}
function section(title, table, rows, columns) {
  if (!rows.length) return [];
  const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col" }, label(column))));
  const lines = rows.slice(0, 200).map((row) => make("tr", {}, ...columns.map((column) => cell(table, row, column))));
  const more = rows.length > 200 ? [make("p", { class: "note" }, `and ${number(rows.length - 200)} more`)] : [];
  return [make("h3", {}, title), make("div", { class: "wide", role: "region", tabindex: "0", "aria-label": title },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines))), ...more];
}
function cell(table, row, column) {
  const text = table.column(column).get(row);
  if (column === "expected" || column === "actual") return comparedCell(table, row, column, text);
  if (column === "item") return make("td", { class: "code" }, make("a", { href: itemAddress(row) }, text));
  if (column === "root" && text !== null) {
    const root = table.column("root_record").get(row);
    const [entity, ...key] = text.split("/");
    const pairs = root !== null ? [["row", root]] : [["entity", entity], ["key", key.join("/")]];
    return make("td", {}, make("a", { href: address([["view", "record"], ...pairs]) }, value(text)));
  }
  return make("td", { class: "long" }, text === null && column !== "value" ? "" : value(text));
}
// The part in which two values differ is marked, and spelled out in code points where it is not plain ASCII.
function comparedCell(table, row, column, text) {
  const other = table.column(column === "expected" ? "actual" : "expected").get(row);
  return beside(text, table.column("kind").get(row) === "different" ? other : null);
}
function beside(text, other) {
  const holder = make("td", { class: "long" });
  if (!text || !other) {
    holder.append(value(text));
    return holder;
  }
  const mine = [...text], theirs = [...other];
  let start = 0, end = 0;
  const most = Math.min(mine.length, theirs.length);
  while (start < most && mine[start] === theirs[start]) start++;
  while (end < most - start && mine[mine.length - 1 - end] === theirs[theirs.length - 1 - end]) end++;
  const middle = mine.slice(start, mine.length - end);
  const shown = make("bdi", { class: "value", dir: "auto" });
  // Sign by sign: every blank inside the difference is drawn, those around it are as they are.
  const part = (parent, signs, drawBlanks) => {
    for (const sign of signs) sign === " " && !drawBlanks ? parent.append(sign) : drawPieces(parent, sign, false);
    return parent;
  };
  part(shown, mine.slice(0, start), false);
  if (middle.length) shown.append(part(make("mark"), middle, true));
  part(shown, mine.slice(mine.length - end), false);
  holder.append(shown);
  if (middle.length <= 40 && [...middle, ...theirs.slice(start, theirs.length - end)].some((sign) => sign.codePointAt(0) > 126)) {
    holder.append(make("span", { class: "points" }, middle.map(codePoint).join(" ") || "nothing here"));
  }
  return holder;
}

// ---- opening and closing --------------------------------------------------------------------------------------
const drawer = byId("drawer");
const ALONE = { record, item, entity: entityView, search: searchView };
let turn = 0;
async function route() {
  const query = asked();
  const view = query.get("view");
  const mine = ++turn;
  const alone = Object.hasOwn(ALONE, view || "");
  if (!Object.hasOwn(VIEWS, view || "") && !alone) {
    if (drawer.open) drawer.close();
    return;
  }
  byId("rows").hidden = alone;
  byId("record").hidden = !alone;
  byId("drawer-title").textContent = "Opening\u2026";
  if (!drawer.open) drawer.showModal();
  drawer.append(byId("marks-bar"));
  try {
    if (alone) {
      byId("record").replaceChildren();
      byId("crumbs").replaceChildren();
      await ALONE[view](query);
      if (mine === turn) byId("drawer-title").focus();
      return;
    }
    const table = await load(view);
    if (mine !== turn) return;
    if (!table.rows) {
      byId("drawer-title").textContent = VIEWS[view].title;
      byId("rows-status").textContent = "No rows: the run did not get as far as writing them, or there are none.";
      byId("filters").replaceChildren();
      byId("rows-note").hidden = true;
      byId("bulk").replaceChildren();
      byId("crumbs").replaceChildren();
      grid.replaceChildren();
      shown = null;
      return;
    }
    drawFilters(view, table, query);
    list(view, table, query);
    grid.focus();
  } catch (error) {
    byId("drawer-title").textContent = "These rows cannot be opened";
    byId("rows-status").textContent = String(error);
  }
}
drawer.addEventListener("close", () => {
  document.body.append(byId("marks-bar"));
  if (asked().has("view")) history.pushState(null, "", location.href.split("#")[0] + "#");
  turn++;
});
byId("drawer-close").addEventListener("click", () => drawer.close());
drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
window.addEventListener("hashchange", route);

byId("search").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("search-text").value.trim();
  if (!text) return;
  if (/^W-[0-9a-f]{16}$/.test(text)) {
    const table = await load("worklist");
    const [found] = table.rows ? select(table, [table.column("item").test((held) => held === text)]) : [];
    if (found !== undefined) {
      location.hash = recordAddress("worklist", table, found);
      return;
    }
  }
  const only = await theOnly(text);
  location.hash = only || address([["view", "search"], ["q", text]]);
});

window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
