// The two work lists, and who moved since last week.

const customerColumn = { title: "Customer", text: true, kind: "id", size: "minmax(9rem, 1.1fr)", narrow: "minmax(6rem, 1fr)", cell: nameOf, key: nameOf };
const companyColumn = { title: "Company", text: true, size: "minmax(8rem, 1.2fr)", narrow: "minmax(6rem, 1.1fr)", cell: (i) => companyName(company[i]), key: (i) => companyName(company[i]) };
const riskColumn = { title: "Leaves", number: true, size: "4.5rem", narrow: "3.6rem", cell: (i) => make("b", { class: bandName(band[i]) }, percent(probability[i])), key: (i) => probability[i] };
const valueColumn = { title: "Value", number: true, wide: true, size: "6.5rem", cell: (i) => money(value[i]), key: (i) => value[i] };
const atRiskColumn = { title: "At risk", number: true, size: "6.5rem", narrow: "5.4rem", cell: (i) => (valued ? money(atRisk[i]) : "unknown"), key: (i) => atRisk[i] };
const whyColumn = (list) => ({ title: "Why", text: true, wide: true, kind: "why", size: "minmax(12rem, 2.4fr)", cell: (i) => whyOf(i, list) });

const LISTS = {
  outreach: { bit: OUTREACH, order: (a, b) => atRisk[b] - atRisk[a] || probability[b] - probability[a], columns: [companyColumn, customerColumn, riskColumn, atRiskColumn, valueColumn, whyColumn(OUTREACH)] },
  upsell: { bit: UPSELL, order: (a, b) => (value[b] || 0) - (value[a] || 0), columns: [companyColumn, customerColumn, riskColumn, { ...valueColumn, wide: false, narrow: "5.4rem" }, whyColumn(UPSELL)] },
};

const header = ["customer", "name", "company", "company name", "probability of leaving", "risk", `value ${about.currency}`, `value at risk ${about.currency}`, "persona", "use of the product", "probability a week before", "why", "as of"];
const known = (number, digits) => (Number.isNaN(number) ? null : Number(number.toFixed(digits)));
const csvOf = (i, list) => [idOf(i), names[idOf(i)] ?? null, company[i] < 0 ? null : about.companies[company[i]][0], company[i] < 0 ? null : about.companies[company[i]][1], known(probability[i], 4), bandName(band[i]), known(value[i], 2), valued ? known(atRisk[i], 2) : null, about.personas[persona[i]], known(adoption[i], 2), known(before[i], 4), whyOf(i, list), about.as_of];

function workList(name) {
  const { bit, order, columns } = LISTS[name];
  const items = Array.from(everybody).filter((i) => lists[i] & bit).sort(order);
  const says = document.getElementById("list-says");
  says.textContent = items.length ? says.dataset[name] : name === "outreach" ? "Nobody who is worth keeping is at high risk." : "Nobody is well, worth more, and has room to use more of the product.";
  new Grid(document.getElementById("list-grid"), { label: name === "outreach" ? "Whom to keep" : "Whom to offer more", columns, open: showCustomer, most: 8 }).show(items);
  document.getElementById("list-csv").onclick = () => save(name, header, items.map((i) => csvOf(i, bit)));
}

const KINDS = {
  rose: { says: "Risk rose", keeps: (i, move) => move.band > band[i] },
  fell: { says: "Risk fell", keeps: (i, move) => move.band >= 0 && move.band < band[i] },
  new: { says: "New", keeps: (i, move) => move.band < 0 },
};

function changes() {
  const place = document.getElementById("moves-grid");
  if (!place) return;
  const moves = new Map();
  for (const i of everybody) if (lines[i][at.moved].length) moves.set(i, moveOf(i));
  const columns = [companyColumn, customerColumn,
    { title: "From", size: "5.5rem", wide: true, cell: (i) => (moves.get(i).band < 0 ? "" : dot(moves.get(i).band)) },
    { title: "To", size: "5.5rem", narrow: "4.6rem", cell: (i) => dot(band[i]) },
    { title: "Points", number: true, size: "6rem", narrow: "4.4rem", cell: (i) => (Number.isNaN(before[i]) ? "new" : signed(100 * (probability[i] - before[i]), 0)), key: (i) => probability[i] - before[i] },
    { title: "Why", text: true, wide: true, kind: "why", size: "minmax(12rem, 2.4fr)", cell: (i) => moves.get(i).causes.map(causeInShort)[0] ?? (moves.get(i).band < 0 ? "scored for the first time" : "many small things") }];
  const grid = new Grid(place, { label: "Who moved since last week", columns, open: showCustomer, most: 8 });
  const buttons = Object.entries(KINDS).map(([kind, { says, keeps }]) => {
    const items = [...moves].filter(([i, move]) => keeps(i, move)).map(([i]) => i).sort((a, b) => Math.abs(probability[b] - before[b]) - Math.abs(probability[a] - before[a]) || atRisk[b] - atRisk[a]);
    const button = make("button", { class: "chip", "aria-pressed": "false", onclick: () => shown(kind, items, button) }, `${says} `, make("b", {}, count(items.length)));
    return [button, () => shown(kind, items, button)];
  });
  const shown = (kind, items, button) => {
    buttons.forEach(([each]) => each.setAttribute("aria-pressed", each === button));
    grid.show(items);
    document.getElementById("moves-csv").onclick = () => save(`changes-${kind}`, [...header.slice(0, -2), "from", "why it moved", "as of"], items.map((i) => [...csvOf(i, OUTREACH).slice(0, -2), bandName(moves.get(i).band), moves.get(i).causes.map(causeText).join("; "), about.as_of]));
  };
  document.getElementById("moves-kinds").append(...buttons.map(([button]) => button));
  if (goneLines.length) document.getElementById("moves-kinds").append(make("span", { class: "soft" }, ` ${people(goneLines.length)} no longer scored: ${goneLines.slice(0, 3).map((line) => shortId(line[0])).join(", ")}${goneLines.length > 3 ? " …" : ""}`));
  buttons[0][1]();
}
