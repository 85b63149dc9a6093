// One customer: what is said, what moves it, and how it was last week.

const dialog = document.getElementById("customer");

function showCustomer(i) {
  const told = reasonsOf(i), c = company[i];
  const close = make("button", { class: "plain close", "aria-label": "Close", onclick: () => dialog.close() }, "×");
  const plot = make("div", { class: "plot" });
  dialog.replaceChildren(...[
    close,
    make("p", { class: "soft" }, c < 0 ? "Without a company" : make("button", { class: "link", dir: "auto", onclick: () => { dialog.close(); goToCompany(c); } }, companyName(c))),
    make("h2", { dir: "auto", class: "whole" }, names[idOf(i)] ?? idOf(i)),
    names[idOf(i)] ? make("p", { class: "soft whole" }, idOf(i)) : null,
    make("dl", { class: "facts" }, ...facts(i)),
    make("figure", {}, plot, make("figcaption", {}, sentence(i, told))),
    make("table", { class: "why-table" }, make("caption", { class: "unseen" }, "Reasons"),
      make("thead", {}, make("tr", {}, ...["What", "here", "usual", "points"].map((title, k) => make("th", { scope: "col", class: k ? "n" : null }, title)))),
      make("tbody", {}, ...told.map(reasonRow))),
    make("p", { class: "soft" }, `Points are percentage points of the probability of leaving within ${about.horizon_days ?? "the"} days, as of ${day(about.as_of)}. They say what moved the score; they are no proof of a cause.`),
    ...moved(i),
  ].filter(Boolean));
  dialog.showModal();
  plot.append(picture(force(i, Math.min(640, Math.max(260, plot.clientWidth)))));
  close.focus();
}

function facts(i) {
  const worthOf = Number.isNaN(value[i]) ? "unknown" : `${money(value[i])} (${money(lines[i][at.low])} to ${money(lines[i][at.high])})`;
  const said = [
    ["Probability of leaving", make("span", {}, make("b", {}, percent(probability[i])), " ", dot(band[i]))],
    ["Value", worthOf],
    ["Money at risk", valued ? money(atRisk[i]) : "unknown"],
    ["Use of the product", Number.isNaN(adoption[i]) ? "unknown" : `${figure(adoption[i])} points, ${about.adopted[adopted[i]]}`],
    ["Persona", about.personas[persona[i]] ?? "unknown"],
    ["A week ago", Number.isNaN(before[i]) ? "not scored" : percent(before[i])],
  ];
  return said.map(([title, content]) => make("div", {}, make("dt", {}, title), make("dd", {}, content)));
}

// The whole explanation in one sentence.
function sentence(i, told) {
  const up = told.filter((reason) => reason.points > 0), down = told.filter((reason) => reason.points < 0);
  const parts = (reasons) => reasons.slice(0, 2).map((reason) => `${lowered(saying(reason))} (${signed(100 * reason.points)} points)`).join(" and ");
  const raised = up.length ? ` What raises it most: ${parts(up)}.` : "", eased = down.length ? ` What lowers it most: ${parts(down)}.` : "";
  return `This customer leaves with a probability of ${percent(probability[i])}, a typical one with ${percent(about.base)}.${raised}${eased}`;
}

function reasonRow(reason) {
  const { feature, value: here, points } = reason;
  return make("tr", {},
    make("th", { scope: "row" }, feature.sentence, feature.actionable ? null : make("span", { class: "soft" }, " (nobody can change that)")),
    make("td", { class: "n" }, quantity(here, feature.unit)),
    make("td", { class: "n soft" }, feature.usual === null ? "" : quantity(feature.usual, feature.unit)),
    make("td", { class: `n ${points > 0 ? "high" : "low"}` }, signed(100 * points)));
}

function moved(i) {
  const move = moveOf(i);
  if (!move || move.band < 0) return [];
  return [make("h3", {}, `Since ${day(about.since)}: from ${bandName(move.band)} to ${bandName(band[i])} risk`), make("ul", {}, ...move.causes.map((cause) => make("li", {}, causeText(cause))))];
}

// The same in a few words.
function causeInShort({ feature, then, now }) {
  if (then === null) return `${feature.sentence}: ${quantity(now, feature.unit)} now`;
  return `${feature.sentence}: ${quantity(then, feature.unit)} → ${now === null ? "no reason now" : quantity(now, feature.unit)}`;
}

function causeText({ feature, then, now, points }) {
  const was = then === null ? "was no reason then" : `${quantity(then, feature.unit)} then`, is = now === null ? "is none now" : `${quantity(now, feature.unit)} now`;
  return `${feature.sentence}: ${was}, ${is} (${signed(100 * points)} points)`;
}

dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
