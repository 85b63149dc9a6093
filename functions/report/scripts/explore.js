// All customers: from a segment to its companies, to one company, to one customer.

const form = document.getElementById("filters");
const wanted = { text: "", band: null, worth: null, adopted: null, persona: null, company: null };
let view = "companies", items = everybody, grids = null, chooseView = null;

const companyOf = (entry) => companyName(entry.company);
const COMPANIES = [
  { title: "Company", text: true, size: "minmax(10rem, 2fr)", narrow: "minmax(7rem, 1fr)", cell: companyOf, key: companyOf },
  { title: "Customers", number: true, wide: true, size: "6rem", cell: (entry) => count(entry.items.length), key: (entry) => entry.items.length },
  { title: "High risk", number: true, size: "6rem", narrow: "5rem", cell: (entry) => count(entry.high), key: (entry) => entry.high },
  { title: "At risk", number: true, size: "7rem", narrow: "6rem", cell: (entry) => (valued ? money(entry.risk) : "unknown"), key: (entry) => entry.risk },
  { title: "Value", number: true, wide: true, size: "7rem", cell: (entry) => (valued ? money(entry.value) : "unknown"), key: (entry) => entry.value },
];
const CUSTOMERS = [customerColumn, companyColumn, riskColumn, { ...atRiskColumn, wide: true },
  { ...valueColumn, wide: false, narrow: "5.4rem" },
  { title: "Points since", number: true, wide: true, size: "7rem", cell: (i) => (Number.isNaN(before[i]) ? "" : signed(100 * (probability[i] - before[i]), 0)), key: (i) => probability[i] - before[i] },
  { title: "Use, points", number: true, wide: true, size: "6rem", cell: (i) => (Number.isNaN(adoption[i]) ? "" : figure(adoption[i])), key: (i) => adoption[i] },
  { title: "Persona", text: true, wide: true, size: "minmax(8rem, 1.2fr)", cell: (i) => about.personas[persona[i]] ?? "", key: (i) => about.personas[persona[i]] ?? "" }];

function refresh() {
  items = selected(wanted);
  const all = sums(items);
  const more = about.total > size ? ` The page carries the ${count(size)} customers with most at risk, of ${count(about.total)}.` : "";
  document.getElementById("selection").textContent = `${people(all.customers)}, ${count(all.high)} at high risk${valued ? `, ${money(all.risk)} at risk of ${money(all.value)}` : ""}, as of ${day(about.as_of)}.${more}`;
  document.getElementById("company-card").replaceChildren(...(items.length ? companyCard(wanted.company, items) : []));
  trail();
  if (view === "companies") grids.companies.show(byCompany(items).sort((a, b) => (a.company < 0) - (b.company < 0) || b.risk - a.risk || b.high - a.high));
  else grids.customers.show(items);
}

function trail() {
  const said = [["all customers", () => reset()]];
  const segment = [["band", "risk", about.bands], ["worth", "", about.worth], ["adopted", "use", about.adopted], ["persona", "", about.personas]]
    .filter(([name]) => wanted[name] !== null).map(([name, word, list]) => `${list[wanted[name]]} ${word}`.trim());
  if (segment.length) said.push([segment.join(", "), () => goTo({ company: null })]);
  if (wanted.company !== null) said.push([companyName(wanted.company), () => {}]);
  document.getElementById("trail").hidden = said.length === 1;
  document.getElementById("trail").replaceChildren(...said.flatMap(([text, go], place) => {
    const last = place === said.length - 1;
    return [place ? " › " : "", last ? make("span", { dir: "auto", "aria-current": "true" }, text) : make("button", { class: "link", dir: "auto", onclick: go }, text)];
  }));
}

// Change what is wanted, show it, and go there.
function goTo(change, shown = view) {
  Object.assign(wanted, change);
  for (const name of ["band", "worth", "adopted", "persona"]) form.elements[name].value = wanted[name] ?? "";
  form.elements.text.value = wanted.text;
  chooseView(shown === "companies" ? 0 : 1);
}

function reset() {
  goTo({ text: "", band: null, worth: null, adopted: null, persona: null, company: null }, "companies");
}

function goToSegment(change) {
  goTo({ text: "", band: null, worth: null, adopted: null, persona: null, company: null, ...change }, "companies");
  document.getElementById("explore").scrollIntoView();
}

function goToCompany(c) {
  goTo({ text: "", band: null, worth: null, adopted: null, persona: null, company: c }, "customers");
  document.getElementById("explore").scrollIntoView();
}

function explorer() {
  for (const [name, list] of [["band", about.bands], ["worth", about.worth], ["adopted", about.adopted], ["persona", about.personas]]) {
    form.elements[name].append(...list.map((each, code) => make("option", { value: code }, each)));
  }
  const place = document.getElementById("explore-grid");
  const [one, other] = [make("div"), make("div")];
  place.append(one, other);
  grids = {
    companies: new Grid(one, { label: "Companies", columns: COMPANIES, nobody: "No company is like that.", open: (entry) => goTo({ company: entry.company }, "customers") }),
    customers: new Grid(other, { label: "Customers", columns: CUSTOMERS, open: showCustomer, nobody: "No customer is like that." }),
  };
  chooseView = tabs(document.querySelector('[aria-label="Shown by"]'), (chosen) => {
    view = chosen ? "customers" : "companies";
    [one.hidden, other.hidden] = [Boolean(chosen), !chosen];
    refresh();
  });
  form.addEventListener("input", () => {
    wanted.text = form.elements.text.value;
    for (const name of ["band", "worth", "adopted", "persona"]) wanted[name] = form.elements[name].value === "" ? null : Number(form.elements[name].value);
    refresh();
  });
  form.addEventListener("reset", (event) => { event.preventDefault(); reset(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("explore-csv").onclick = () => {
    if (view === "companies") save("companies", ["company", "company name", "customers", "at high risk", `value at risk ${about.currency}`, `value ${about.currency}`, "as of"], grids.companies.items.map((entry) => [entry.company < 0 ? null : about.companies[entry.company][0], companyOf(entry), entry.items.length, entry.high, known(entry.risk, 2), known(entry.value, 2), about.as_of]));
    else save("customers", header, grids.customers.items.map ? Array.from(grids.customers.items, (i) => csvOf(i, OUTREACH)) : []);
  };
  reset();
}
