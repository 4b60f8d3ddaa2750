// ---- what is shown, as a CSV file: all rows that pass the filters, in the order in which they stand --------------------
// The same rule as reports/formulas.py: numbers stay numbers, whatever else a spreadsheet would run gets an apostrophe.
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(inf|infinity|nan)$/i;
const inCell = (held) => {
  const text = held === null ? "" : encoded(String(held));
  return quoted(NUMBER.test(text) ? text : defused(text));
};

function rowsFile({ view, table, order }) {
  const columns = [...Object.keys(VIEWS[view].columns), ...(VIEWS[view].hide || [])].map((column) => table.column(column)).filter(Boolean);
  const names = [...Object.keys(VIEWS[view].columns), ...(VIEWS[view].hide || [])].filter((column) => table.column(column));
  const lines = ["\ufeff", names.map((name) => inCell(label(name))).join(",") + "\r\n"];
  for (const at of order) lines.push(columns.map((column) => inCell(column.get(at))).join(",") + "\r\n");
  return lines;
}

byId("rows-download").addEventListener("click", () => {
  if (!shown) return;
  download(`${shown.view}-${RUN.replace(/[^\w.-]/g, "_")}.csv`, rowsFile(shown));
  byId("rows-status").textContent = `${things(shown.order.length, "row", "rows")}, downloaded as CSV`;
});
