// Puts the parts in their places.

// Three fields of value for each band of risk, once for each third of use of the product.
function matrix() {
  const place = document.getElementById("matrix");
  if (!place) return;
  const kinds = about.adopted.map((_, a) => a).concat(adopted.includes(-1) ? [-1] : []);
  const cells = new Map();
  for (const i of everybody) {
    const key = `${adopted[i]} ${worth[i]} ${band[i]}`;
    const cell = cells.get(key) ?? { customers: 0, risk: 0 };
    cell.customers += 1;
    cell.risk += atRisk[i];
    cells.set(key, cell);
  }
  const most = Math.max(...[...cells.values()].map((cell) => cell.risk), 1e-9);
  const shown = kinds.filter((a) => [...cells.keys()].some((key) => key.startsWith(`${a} `)));
  place.append(...shown.map((a) => panel(a, cells, most)));
  place.before(make("p", {}, leading(cells)));
}

function panel(a, cells, most) {
  const title = a < 0 ? "use unknown" : `${about.adopted[a]} use of the product`;
  const heads = make("div", { class: "matrix-row heads", "aria-hidden": "true" }, make("span"), ...about.bands.map((name) => make("span", { class: name }, name)));
  const rows = about.worth.map((name, v) => make("div", { class: "matrix-row" }, make("span", { class: "soft" }, name), ...about.bands.map((risk, b) => field(a, v, b, cells.get(`${a} ${v} ${b}`), most))));
  return make("div", { class: "panel", role: "group", "aria-label": title }, make("h3", {}, title), heads, ...rows);
}

function field(a, v, b, cell, most) {
  if (!cell) return make("span", { class: "cell none" }, "–");
  const says = `${people(cell.customers)} at ${about.bands[b]} risk, ${about.worth[v]}, ${a < 0 ? "unknown" : about.adopted[a]} use: ${money(cell.risk)} at risk`;
  const button = make("button", { class: "cell", "aria-label": says, title: says, onclick: () => goToSegment({ band: b, worth: v, adopted: a < 0 ? null : a }) }, make("b", {}, count(cell.customers)), make("small", {}, money(cell.risk)));
  button.style.setProperty("--heat", `${Math.round(45 * cell.risk / most)}%`);
  return button;
}

function leading(cells) {
  const [key, cell] = [...cells].sort((x, y) => y[1].risk - x[1].risk)[0] ?? [];
  if (!key || !cell.risk) return "No money is at risk.";
  const [a, v, b] = key.split(" ").map(Number);
  return `Most money at risk in one place: ${money(cell.risk)} with ${people(cell.customers)} of the ${about.worth[v]} at ${about.bands[b]} risk${a < 0 ? "" : `, who make ${about.adopted[a]} use of the product`}.`;
}

function plots() {
  const curve = document.getElementById("trend");
  if (curve && about.nights.length > 1) {
    put(curve, trend);
    const [first, last] = [about.nights[0], about.nights.at(-1)];
    curve.querySelector("figcaption").textContent = `Customers at high risk: ${count(first.high)} on ${day(first.day)}, ${count(last.high)} on ${day(last.day)}.`;
  }
  put(document.getElementById("gain"), gain);
  put(document.getElementById("calibration"), calibration);
  for (const place of document.querySelectorAll(".spark")) place.replaceChildren(spark(place.dataset.feature));
}

const choosePile = tabs(document.querySelector('[aria-label="Work lists"]'), (place) => workList(place ? "upsell" : "outreach"));
for (const link of document.querySelectorAll("[data-list]")) link.addEventListener("click", () => choosePile(link.dataset.list === "upsell" ? 1 : 0));
for (const link of document.querySelectorAll("a.company")) {
  link.addEventListener("click", (event) => { event.preventDefault(); goToCompany(about.companies.findIndex(([id]) => id === link.dataset.company)); });
}
for (const button of document.querySelectorAll("[data-persona]")) button.addEventListener("click", () => goToSegment({ persona: about.personas.indexOf(button.dataset.persona) }));

choosePile(0);
matrix();
changes();
explorer();
document.documentElement.dataset.ready = "yes";
requestAnimationFrame(() => setTimeout(() => {
  plots();
  document.documentElement.dataset.drawn = "yes";
  setTimeout(texts); // before somebody searches
}));
