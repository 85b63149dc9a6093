// All plots, by Observable Plot. Colours are the page's own, so that light, dark and print go by themselves.

const colour = (name) => `var(--${name})`;
const plain = { style: { background: "none", color: "var(--ink)", fontSize: "12px", fontFamily: "inherit", overflow: "visible" } };

// What goes up from the typical customer and what comes down again, side by side, to where this customer is.
function force(i, width) {
  const told = reasonsOf(i);
  const rest = probability[i] - about.base - told.reduce((sum, reason) => sum + reason.points, 0);
  const parts = [...told.map((reason) => ({ points: reason.points, text: saying(reason) })), { points: rest, text: "everything else together" }];
  const up = parts.filter((part) => part.points > 0).sort((a, b) => a.points - b.points);
  const down = parts.filter((part) => part.points < 0).sort((a, b) => b.points - a.points);
  const here = probability[i];
  const bars = [...stacked(up, here, -1, "high"), ...stacked(down, here, 1, "low")];
  const low = Math.min(about.base, here, ...bars.map((bar) => bar.from)), high = Math.max(about.base, here, ...bars.map((bar) => bar.to));
  return Plot.plot({
    ...plain, width, height: 118, marginLeft: 24, marginRight: 24, marginTop: 34, marginBottom: 30,
    x: { domain: [low - 0.02, high + 0.02], tickFormat: (x) => `${Math.round(100 * x)} %`, label: null, ticks: 5 },
    y: { axis: null, domain: [0, 1] },
    ariaLabel: `From a typical ${percent(about.base)} to ${percent(here)}`,
    marks: [
      Plot.rect(bars, { x1: "from", x2: "to", y1: 0.12, y2: 0.88, fill: (bar) => colour(bar.kind), inset: 0.75, rx: 2, title: (bar) => `${bar.text} (${signed(100 * bar.points)} points)` }),
      Plot.text(bars.filter((bar) => (bar.to - bar.from) / (high - low + 0.04) > 0.09), { x: (bar) => (bar.from + bar.to) / 2, y: 0.5, text: (bar) => signed(100 * bar.points, 0), fill: "var(--paper)", fontWeight: 600 }),
      Plot.ruleX([about.base], { stroke: colour("soft"), strokeDasharray: "3 3" }),
      Plot.ruleX([here], { stroke: colour("ink"), strokeWidth: 2.5 }),
      ...labelled(about.base, here, (low + high) / 2),
    ],
  });
}

// Two labels that do not lie on each other.
function labelled(base, here, middle) {
  const anchor = (x) => (x > middle ? "end" : "start");
  return [
    Plot.text([here], { x: (x) => x, y: 1, dy: -9, text: (x) => `this customer ${percent(x)}`, textAnchor: anchor(here), fontWeight: 700, fill: colour("ink") }),
    Plot.text([base], { x: (x) => x, y: 1, dy: -22, text: (x) => `typical ${percent(x)}`, textAnchor: anchor(base), fill: colour("soft") }),
  ];
}

function stacked(parts, start, turn, kind) {
  let edge = start;
  return [...parts].reverse().map((part) => {
    const next = edge + turn * Math.abs(part.points);
    const bar = { from: Math.min(edge, next), to: Math.max(edge, next), kind, ...part };
    edge = next;
    return bar;
  });
}

function trend(width) {
  const nights = about.nights.map((night) => ({ day: new Date(`${night.day}T00:00:00Z`), high: night.high }));
  return Plot.plot({
    ...plain, width, height: 150, marginLeft: 44,
    x: { type: "utc", label: null, ticks: Math.min(nights.length, 6), tickFormat: "%-d %b" }, y: { label: "customers at high risk", zero: true, grid: true, ticks: 4 },
    ariaLabel: "Customers at high risk by night",
    marks: [Plot.areaY(nights, { x: "day", y: "high", fill: colour("high"), fillOpacity: 0.1 }), Plot.lineY(nights, { x: "day", y: "high", stroke: colour("high"), strokeWidth: 2 }), Plot.dot(nights, { x: "day", y: "high", fill: colour("high"), r: 2.5, title: (night) => `${night.high} on ${night.day.toISOString().slice(0, 10)}` })],
  });
}

const share = (label) => ({ label, tickFormat: (x) => `${Math.round(100 * x)} %`, grid: true, ticks: 4 });

function gain(width) {
  const curve = [{ share_of_customers: 0, share_of_churn: 0 }, ...about.thresholds, { share_of_customers: 1, share_of_churn: 1 }].sort((a, b) => a.share_of_customers - b.share_of_customers);
  return Plot.plot({
    ...plain, width, height: 240, marginLeft: 48, marginBottom: 38, x: share("customers called, the riskiest first"), y: share("of those who leave, reached"),
    ariaLabel: "Share of leaving customers reached by share of customers called",
    marks: [
      Plot.line([[0, 0], [1, 1]], { stroke: colour("soft"), strokeDasharray: "3 3" }),
      Plot.line(curve, { x: "share_of_customers", y: "share_of_churn", stroke: colour("bar"), strokeWidth: 2.5 }),
      Plot.dot(about.thresholds, { x: "share_of_customers", y: "share_of_churn", fill: colour("bar"), r: 3, title: (point) => `from a probability of ${percent(point.threshold)}: ${percent(point.share_of_customers)} of customers, ${percent(point.share_of_churn)} of those who leave` }),
    ],
  });
}

function calibration(width) {
  const most = Math.max(0.05, ...about.calibration.flatMap((row) => [row.predicted, row.observed]));
  return Plot.plot({
    ...plain, width, height: 240, marginLeft: 48, marginBottom: 38, x: { ...share("said"), domain: [0, most] }, y: { ...share("happened"), domain: [0, most] },
    ariaLabel: "Observed churn by predicted probability",
    marks: [
      Plot.line([[0, 0], [most, most]], { stroke: colour("soft"), strokeDasharray: "3 3" }),
      Plot.dot(about.calibration, { x: "predicted", y: "observed", fill: colour("bar"), r: 4.5, title: (row) => `said ${percent(row.predicted, 1)}, happened ${percent(row.observed, 1)}: ${people(row.customers)}` }),
    ],
  });
}

// How the contribution goes from low values of a feature to high ones.
function spark(feature) {
  const dependence = about.importance.find((each) => each.feature === feature)?.dependence ?? [];
  if (dependence.length < 2) return "";
  const most = Math.max(...dependence.map((bin) => Math.abs(bin.mean)), 1e-6);
  return picture(Plot.plot({
    ...plain, width: 132, height: 34, margin: 4, x: { axis: null }, y: { axis: null, domain: [-most, most] },
    ariaLabel: dependence.at(-1).mean < dependence[0].mean ? "the risk falls as it rises" : "the risk rises with it",
    marks: [Plot.ruleY([0], { stroke: colour("line") }), Plot.lineY(dependence, { x: (_, k) => k, y: "mean", stroke: colour("bar"), strokeWidth: 2, curve: "monotone-x" })],
  }));
}

// One picture with one description: its parts say nothing by themselves.
function picture(plot) {
  for (const part of plot.querySelectorAll("g[aria-label]")) part.removeAttribute("aria-label");
  plot.setAttribute("role", "img");
  return plot;
}

// A plot in its figure, as wide as that is.
function put(figure, draw) {
  const place = figure.querySelector(".plot");
  figure.hidden = false;
  place.replaceChildren(picture(draw(Math.max(260, Math.min(place.clientWidth || 560, 720)))));
}
