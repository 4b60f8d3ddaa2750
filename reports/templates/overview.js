// ---- numbers and dates in the reader's language and zone -------------------------------------------------------
// The page is readable as it is: numbers with commas, instants in UTC.
function localNumber(text) {
  const digits = (String(text).split(".")[1] || "").length;
  return new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Number(text));
}
for (const each of document.querySelectorAll("data[value]")) each.textContent = localNumber(each.value);
// In sentences a number of four digits or more has commas, which mean something else in other languages. Values are left alone.
if (localNumber("1234") !== "1,234") {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (text.parentElement.closest("data, time, svg, pre, .value, .code")) continue;
    const said = text.data.replace(/(?<![\w,.])\d{1,3}(?:,\d{3})+(?![\w,]|\.\d)/g, (found) => localNumber(found.replace(/,/g, "")));
    if (said !== text.data) text.data = said;
  }
}
for (const each of document.querySelectorAll("a.count[aria-label]")) {
  each.setAttribute("aria-label", each.getAttribute("aria-label").replace(/[\d,]+(?=, show the rows$)/, each.textContent));
}
for (const each of document.querySelectorAll("[data-number]")) each.lastChild.data = localNumber(each.dataset.number);
for (const each of document.querySelectorAll("time[datetime]")) {
  const instant = new Date(each.dateTime), said = each.textContent;
  if (Number.isNaN(instant.getTime())) continue;
  const parts = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const local = new Intl.DateTimeFormat(undefined, { ...parts, timeZoneName: "short" });
  const zone = local.resolvedOptions().timeZone;
  each.textContent = local.format(instant);
  // Isolated: after a moment in Arabic the parts of a date would change places.
  if (zone !== "UTC") each.after(" ", make("bdi", { class: "utc", dir: "ltr" }, `(${said})`));
}

// ---- what the run before knew ----------------------------------------------------------------------------------
Object.assign(LABELS, { history: "since the run before", was: "in the run before" });
if (byId("data-fixed")) {
  VIEWS.findings.facets.push("history");
  VIEWS.worklist.facets.push("history");
  VIEWS.dispositions.facets.push("was");
  VIEWS.fixed = {
    title: "Findings of the run before that this one has not", record: "record", facets: ["severity", "code", "entity", "field"],
    columns: { severity: 8, code: 10, entity: 9, key: 11, field: 9, value: 15, message: 32 },
  };
}
