// ---- deciding: about one item, or about all that are listed -----------------------------------------------------
const wordsOf = (table) => new Map(Array.from({ length: table.rows }, (_, at) => {
  const read = (column) => table.column(column).get(at);
  return [read("decision"), { meaning: read("meaning"), value: read("value"), needed: read("needed") !== null }];
}));

// What an item takes: its choices, and to take back what was decided before.
function choicesOf(table, at) {
  const closed = table.column("state").get(at) === "closed";
  const choices = closed ? [] : (table.column("choices").get(at) || "").split(" ").filter(Boolean);
  return table.column("decision").get(at) ? [...choices, "reopen"] : choices;
}

function itemForm(table, at, verbs) {
  const choices = choicesOf(table, at);
  if (!choices.length) return make("p", { class: "nothing" }, "There is nothing to decide about it.");
  const given = marks.get(at);
  const form = decisionForm({
    title: given ? "Your decision, marked in this page" : "Decide", choices, words: wordsOf(verbs), given,
    button: () => (given ? "Change the mark" : "Mark this decision"),
    submit(answer) {
      mark([at], answer);
      redraw(`Marked: ${answer.decision}. It is in the page alone until you download it.`);
    },
  });
  const redraw = (said) => {
    const fresh = itemForm(table, at, verbs);
    form.replaceWith(fresh);
    fresh.querySelector("[role=status]").textContent = said;
    (byId("next-item") || fresh.querySelector("button")).focus();
  };
  if (given) {
    const back = make("button", { type: "button" }, "Take back");
    back.addEventListener("click", () => {
      takeBack([at]);
      redraw(given.saved ? "Taken back. A file downloaded before still holds it." : "Taken back.");
    });
    form.querySelector(".buttons").append(back);
  }
  return form;
}

// About all rows that are listed: each of them takes the decisions of its kind.
function drawBulk(view, table, order) {
  const holder = byId("bulk");
  holder.replaceChildren();
  if (view !== "worklist") return;
  lastList = { order, href: location.hash };
  if (!order.length) return;
  const details = make("details", {}, make("summary", {}, `Decide about ${things(order.length, "item", "items")} at once`));
  details.addEventListener("toggle", async () => {
    if (details.open && details.childElementCount === 1) details.append(bulkForm(view, table, order, wordsOf(await load("verbs"))));
  });
  holder.append(details);
}
function bulkForm(view, table, order, words) {
  const takers = new Map();
  for (const at of order) {
    for (const choice of choicesOf(table, at)) {
      if (!takers.has(choice)) takers.set(choice, []);
      takers.get(choice).push(at);
    }
  }
  takers.delete("survivor"); // another record in each group
  if (!takers.size) return make("p", { class: "nothing" }, "There is nothing to decide about them.");
  const notes = new Map([...takers].map(([choice, taking]) =>
    [choice, taking.length < order.length ? `${number(taking.length)} of ${number(order.length)} take it` : ""]));
  return decisionForm({
    title: "For every item listed below", choices: [...takers.keys()], words, notes,
    button: (choice) => (choice ? `Mark ${things(takers.get(choice).length, "item", "items")}` : "Mark"),
    submit(answer) {
      const taking = takers.get(answer.decision);
      const before = taking.filter((at) => marks.has(at)).length;
      mark(taking, answer);
      const query = asked();
      drawFilters(view, table, query);
      list(view, table, query);
      byId("rows-status").textContent += ` \u00b7 marked ${things(taking.length, "item", "items")}: ${answer.decision}`
        + (before ? `; ${number(before)} had another mark` : "");
      grid.focus();
    },
  });
}

let formsDrawn = 0;
function decisionForm({ title, choices, words, given, notes, button, submit }) {
  const id = "decide-" + ++formsDrawn;
  const form = make("form", { class: "decide", "aria-labelledby": id, novalidate: "" });
  const status = make("p", { role: "status" });
  const radios = make("fieldset", {}, make("legend", {}, "Decision"));
  for (const choice of choices) {
    const radio = make("input", { type: "radio", name: "decision", value: choice, id: `${id}-${choice}` });
    radio.checked = Boolean(given) && given.decision === choice;
    const note = notes && notes.get(choice) ? [make("span", { class: "note-of" }, ` (${notes.get(choice)})`)] : [];
    radios.append(make("div", { class: "choice" }, radio,
      make("label", { for: radio.id }, make("b", {}, choice), `: ${words.get(choice).meaning}`, ...note)));
  }
  const text = (name, rows, held) => {
    const area = make(rows ? "textarea" : "input", { id: `${id}-${name}`, dir: "auto", spellcheck: "false", ...(rows ? { rows } : {}) });
    area.value = held || "";
    return area;
  };
  const newValue = text("value", "1", given && given.new_value);
  const reason = text("reason", "2", given && given.reason);
  const by = text("by", "", (given && given.by) || decider());
  by.autocomplete = "name";
  const hint = make("span", { class: "hint", id: id + "-hint" });
  newValue.setAttribute("aria-describedby", hint.id);
  const valueField = make("div", { class: "field" }, make("label", { for: newValue.id }, "New value"), newValue, hint);
  const problem = make("p", { class: "problem", role: "alert", id: id + "-problem" });
  const send = make("button", { type: "submit", class: "main" });
  const chosen = () => (form.querySelector("input[name=decision]:checked") || { value: "" }).value;
  const follow = () => {
    const about = words.get(chosen());
    valueField.hidden = !about || !about.value;
    hint.textContent = about && about.value ? about.value : "";
    send.textContent = button(chosen());
  };
  radios.addEventListener("change", follow);
  form.append(make("h3", { id }, title), status, radios, valueField,
    make("div", { class: "field" }, make("label", { for: reason.id }, "Reason"), reason),
    make("div", { class: "field" }, make("label", { for: by.id }, "Decided by"), by),
    problem, make("p", { class: "buttons" }, send));
  follow();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const about = words.get(chosen());
    const wrong = !about ? [radios.querySelector("input"), "Choose a decision."]
      : about.needed && newValue.value === "" ? [newValue, "This decision needs a new value."]
      : !reason.value.trim() ? [reason, "Say why: a decision needs a reason."]
      : !by.value.trim() ? [by, "Say who decides: a name is needed."] : null;
    for (const each of [newValue, reason, by]) {
      each.removeAttribute("aria-invalid");
      if (each !== newValue) each.removeAttribute("aria-describedby");
    }
    problem.textContent = wrong ? wrong[1] : "";
    if (wrong) {
      if (wrong[0].type !== "radio") wrong[0].setAttribute("aria-invalid", "true");
      if (wrong[0] !== newValue) wrong[0].setAttribute("aria-describedby", problem.id);
      wrong[0].focus();
      return;
    }
    submit({
      decision: chosen(), new_value: about.value ? newValue.value : "", reason: reason.value.trim(),
      by: decider(by.value.trim()), at: new Date().toISOString().slice(0, 19) + "+00:00", saved: false,
    });
  });
  return form;
}
