// One company: its sums, and the user whom most depends on.

function companyCard(c, items) {
  if (c === null) return [];
  const all = sums(items), first = champion(items);
  const reason = reasonsOf(first).find((each) => each.points > 0);
  const risk = band[first] === 2 ? "at low risk" : `at ${bandName(band[first])} risk`;
  const why = band[first] < 2 && reason ? `, above all because of this: ${lowered(saying(reason))}` : "";
  return [make("article", { class: "card" },
    make("h3", { dir: "auto" }, companyName(c)),
    make("p", {}, `${people(all.customers)}, ${all.high} at high risk${valued ? `; ${money(all.risk)} of ${money(all.value)} at risk` : ""}, as of ${day(about.as_of)}.`),
    make("p", {}, "Champion user: ", make("button", { class: "link", id: "champion", onclick: () => showCustomer(first) }, nameOf(first)),
      `, ${percent(probability[first])} likely to leave, ${risk}${why}.`))];
}
