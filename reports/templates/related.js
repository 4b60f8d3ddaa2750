// ---- what a record refers to, and what refers to it -----------------------------------------------------------------
const LISTED_RELATED = 50;

// The place of a record among the rows of the dispositions, which stand in order; undefined where the page lacks it.
function placeOf(dispositions, row) {
  let low = 0, high = dispositions.rows - 1;
  const column = dispositions.rows ? dispositions.column("row") : null;
  while (low <= high) {
    const middle = (low + high) >> 1, held = column.get(middle);
    if (held === row) return middle;
    if (held < row) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
// A record as a link, with the names by which it is known.
function recordText(dispositions, row, names) {
  const at = placeOf(dispositions, row);
  const known = at === undefined ? [`row ${number(row)}`] : [value(dispositions.column("key").get(at)), ...(names.get(row) || []).map((name) => value(name))];
  return make("a", { href: address([["view", "record"], ["row", row]]) }, ...known.flatMap((part, nth) => (nth ? [" \u00b7 ", part] : [part])));
}
function namesOf(table, rows) {
  const found = new Map(), wanted = new Set(rows);
  if (!table.rows) return found;
  const record = table.column("record");
  for (let at = 0; at < table.rows; at++) {
    if (!wanted.has(record.get(at))) continue;
    const held = found.get(record.get(at)) || [];
    const text = table.column("value").get(at);
    if (held.length < 2 && !held.includes(text)) held.push(text);
    found.set(record.get(at), held);
  }
  return found;
}

async function related(row, dispositions) {
  const [links, names] = await Promise.all(["links", "names"].map(load));
  if (!links.rows) return [];
  const to = select(links, [links.column("record").test((held) => held === row)]);
  const from = select(links, [links.column("refers").test((held) => held === row)]);
  const parts = [];
  const cut = links.rows < links.total ? ` This page carries ${number(links.rows)} of ${number(links.total)} references.` : "";
  if (to.length) {
    const texts = namesOf(names, to.map((at) => links.column("refers").get(at)));
    const list = make("dl", { class: "facts" });
    for (const at of to) {
      const other = links.column("refers").get(at);
      list.append(make("div", {}, make("dt", { class: "code" }, value(links.column("field").get(at))), make("dd", {}, recordText(dispositions, other, texts))));
    }
    parts.push(make("h3", {}, "Refers to"), list);
  }
  if (from.length) {
    const groups = new Map();
    for (const other of new Set(from.map((at) => links.column("record").get(at)))) {
      const at = placeOf(dispositions, other);
      const entity = at === undefined ? "not in this page" : dispositions.column("entity").get(at);
      if (!groups.has(entity)) groups.set(entity, []);
      groups.get(entity).push(other);
    }
    parts.push(make("h3", {}, "Referred to by"));
    for (const [entity, rows] of groups) {
      const shown = rows.sort((a, b) => a - b).slice(0, LISTED_RELATED);
      const texts = namesOf(names, shown);
      const list = make("ul", { class: "chips", "aria-label": `${entity} that refer to it` });
      for (const other of shown) {
        const at = placeOf(dispositions, other);
        list.append(make("li", {}, recordText(dispositions, other, texts), at === undefined ? "" : ` ${dispositions.column("disposition").get(at)}`));
      }
      if (rows.length > shown.length) list.append(make("li", { class: "more" }, `${number(rows.length - shown.length)} more`));
      const details = make("details", {}, make("summary", {}, value(entity), ` ${number(rows.length)}`), list);
      details.open = rows.length <= 12;
      parts.push(details);
    }
  }
  if (parts.length && cut) parts.push(make("p", { class: "note" }, cut.trim()));
  return parts;
}
