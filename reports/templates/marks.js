// ---- decisions marked in this page ------------------------------------------------------------------------------
// Kept for this tab alone: a new value and a reason may hold personal data, which should not outlive it.
const RUN = document.body.dataset.run;
const marks = new Map(); // row of the worklist -> answer, which the items of a decision about many share
let worklistTable = null;
let lostMemory = false;
let lastFile = "";

const markOf = (at) => (marks.has(at) ? marks.get(at).decision : null);
const markColumn = () => ({
  get: markOf,
  test: (wanted) => (at) => wanted(markOf(at)),
  includes: (text) => (at) => (markOf(at) || "").toLowerCase().includes(text),
  distinct: () => [...new Set([null, ...[...marks.values()].map((answer) => answer.decision)])],
});
const unsaved = () => [...marks.values()].reduce((n, answer) => n + (answer.saved ? 0 : 1), 0);

function mark(rows, answer) {
  for (const at of rows) marks.set(at, answer);
  changed();
}
function takeBack(rows) {
  for (const at of rows) marks.delete(at);
  changed();
}
// Answers with the items that they are about, in the order of the worklist.
function answers() {
  const found = new Map();
  for (const at of [...marks.keys()].sort((a, b) => a - b)) {
    const answer = marks.get(at);
    if (!found.has(answer)) found.set(answer, []);
    found.get(answer).push(at);
  }
  return found;
}

// ---- memory -----------------------------------------------------------------------------------------------------
const FIELDS = ["decision", "new_value", "reason", "by", "at"];
const MEMORY = `lms-migrate ${RUN}`;
function stored(name, text) {
  try {
    if (text === undefined) return window.sessionStorage.getItem(name);
    if (text === null) window.sessionStorage.removeItem(name);
    else window.sessionStorage.setItem(name, text);
    return "";
  } catch (error) {
    return null;
  }
}
function remember(table) {
  worklistTable = table;
  if (!table.rows) return;
  let held = {};
  try {
    held = JSON.parse(stored(MEMORY) || "{}");
  } catch (error) {
    stored(MEMORY, null);
  }
  // Another workspace may have a run of this name.
  for (const [texts, saved, rows] of held.first === table.column("item").get(0) ? held.answers : []) {
    const answer = { ...Object.fromEntries(FIELDS.map((field, place) => [field, String(texts[place])])), saved: saved === true };
    for (const at of rows) if (Number.isInteger(at) && at >= 0 && at < table.rows) marks.set(at, answer);
  }
  drawMarks();
}
function changed() {
  const told = [...answers()].map(([answer, rows]) => [FIELDS.map((field) => answer[field]), answer.saved, rows]);
  const held = { first: worklistTable.column("item").get(0), answers: told };
  lostMemory = stored(MEMORY, marks.size ? JSON.stringify(held) : null) === null;
  drawMarks();
}
let deciderKept = ""; // where the browser gives no storage
function decider(name) {
  if (name === undefined) return stored("lms-migrate decided by") || deciderKept;
  deciderKept = name;
  stored("lms-migrate decided by", name);
  return name;
}

// ---- what is shown of them --------------------------------------------------------------------------------------
const LISTED_ITEMS = 20;
const things = (n, one, many) => `${number(n)} ${n === 1 ? one : many}`;
function drawMarks() {
  const bar = byId("marks-bar"), section = byId("marked");
  bar.hidden = !marks.size;
  section.hidden = !marks.size;
  const left = unsaved();
  byId("marks-status").textContent = left ? `${things(left, "decision", "decisions")} not yet downloaded`
    : `${things(marks.size, "decision", "decisions")} downloaded`;
  bar.classList.toggle("unsaved", left > 0);
  byId("marks-note").textContent = lostMemory ? "This browser keeps no memory for this page: they are lost when it is reloaded."
    : left || !lastFile ? "" : `Next: lms-migrate worklist import WORKSPACE ${lastFile}`;
  byId("marked-list").replaceChildren(...[...answers()].map(([answer, rows]) => drawAnswer(answer, rows)));
}
function drawAnswer(answer, rows) {
  const back = make("button", { type: "button" }, "Take back");
  back.setAttribute("aria-label", `Take back: ${answer.decision}, ${things(rows.length, "item", "items")}`);
  back.addEventListener("click", () => {
    takeBack(rows);
    (byId("marked").hidden ? byId("worklist-title") : byId("marked-title")).focus();
  });
  const line = make("p", { class: "need-line" }, make("b", {}, answer.decision));
  if (answer.new_value) line.append(make("span", {}, "new value ", value(answer.new_value)));
  line.append(make("span", {}, "by ", value(answer.by)), make("span", {}, answer.at),
    make("span", {}, answer.saved ? "downloaded" : "not yet downloaded"));
  const items = make("ul", { class: "chips", "aria-label": "Items" });
  for (const at of rows.slice(0, LISTED_ITEMS)) {
    const read = (column) => worklistTable.column(column).get(at);
    const place = [read("code"), read("entity"), read("field")].filter(Boolean).join(" ");
    const text = read("key") !== null ? read("key") : read("value");
    items.append(make("li", {}, make("a", { href: itemAddress(at) }, place + " ", ...(text === null ? [] : [value(text)]))));
  }
  if (rows.length > LISTED_ITEMS) items.append(make("li", { class: "more" }, `${number(rows.length - LISTED_ITEMS)} more items`));
  return make("li", { class: "need" }, make("p", { class: "need-size" }, number(rows.length), " ",
    make("span", { class: "unit" }, rows.length === 1 ? "item" : "items")), make("div", {}, line, make("p", {}, value(answer.reason)), items, back));
}

byId("marks-show").addEventListener("click", () => {
  if (drawer.open) drawer.close();
  byId("marked-title").focus();
});
window.addEventListener("beforeunload", (event) => {
  if (!unsaved()) return;
  event.preventDefault();
  event.returnValue = true;
});
