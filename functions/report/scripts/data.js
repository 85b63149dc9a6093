// What the page carries, as columns over customers: index i is one customer in all of them.

const read = (id) => JSON.parse(document.getElementById(`json-${id}`).textContent);
const about = read("about");
const names = read("names");
const lines = read("customers").filter(Boolean);
const goneLines = read("gone").filter(Boolean);
const at = Object.fromEntries(about.fields.map((field, place) => [field, place]));
const size = lines.length;
const everybody = Uint32Array.from({ length: size }, (_, i) => i);

const column = (Kind, take) => Kind.from({ length: size }, (_, i) => take(lines[i]));
const orNaN = (value) => (value === null ? NaN : value);
const probability = column(Float64Array, (line) => line[at.probability] / 10000);
const before = column(Float64Array, (line) => orNaN(line[at.before]) / 10000);
const value = column(Float64Array, (line) => orNaN(line[at.value]));
const atRisk = Float64Array.from(probability, (p, i) => (Number.isNaN(value[i]) ? 0 : p * value[i]));
const adoption = column(Float64Array, (line) => orNaN(line[at.adoption]));
const band = column(Int8Array, (line) => line[at.band]);
const worth = column(Int8Array, (line) => line[at.worth]);
const adopted = column(Int8Array, (line) => line[at.adopted]);
const persona = column(Int8Array, (line) => line[at.persona]);
const company = column(Int32Array, (line) => line[at.company]);
const lists = column(Uint8Array, (line) => line[at.lists]);
const valued = value.some((each) => !Number.isNaN(each));

const idOf = (i) => lines[i][at.id];
const nameOf = (i) => names[idOf(i)] ?? shortId(idOf(i));
const shortId = (id) => (id.length > 18 ? `${id.slice(0, 11)}…${id.slice(-4)}` : id);
const companyName = (c) => (c < 0 ? "without a company" : about.companies[c][1] ?? `company ${about.companies[c][0]}`);
const bandName = (b) => about.bands[b] ?? "unknown";

// The reasons of a customer, the strongest first: what, its value, and by how much it moves the probability.
function reasonsOf(i) {
  const flat = lines[i][at.reasons];
  const found = [];
  for (let place = 0; place < flat.length; place += 3) {
    found.push({ feature: about.features[flat[place]], value: flat[place + 1], points: flat[place + 2] / 10000 });
  }
  return found;
}

// Band of last week, and what moved the customer out of it.
function moveOf(i) {
  const flat = lines[i][at.moved];
  if (!flat.length) return null;
  const causes = [];
  for (let place = 1; place < flat.length; place += 4) {
    causes.push({ feature: about.features[flat[place]], then: flat[place + 1], now: flat[place + 2], points: flat[place + 3] / 10000 });
  }
  return { band: flat[0], causes };
}

const saying = ({ feature, value }) => `${feature.sentence}: ${quantity(value, feature.unit)}`;

// Why somebody is on a list, in one line: what raises the risk most and can be changed, or what is not used.
function whyOf(i, list) {
  if (list === UPSELL) return `Uses ${figure(adoption[i])} points of the product, half of all use ${figure(usualAdoption)} or more; ${percent(probability[i])} likely to leave`;
  const raising = reasonsOf(i).filter((reason) => reason.points > 0);
  const chosen = raising.find((reason) => reason.feature.actionable) ?? raising[0];
  return chosen ? saying(chosen) : "no single thing";
}

const OUTREACH = 1, UPSELL = 2;
const usualAdoption = about.usual_adoption;
