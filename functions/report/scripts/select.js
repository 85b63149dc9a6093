// Which customers are meant: by text, segment, company; in which order; and what they come to.

let haystack = null;

function texts() {
  haystack ??= lines.map((line, i) => `${idOf(i)} ${names[idOf(i)] ?? ""} ${companyName(company[i])} ${about.personas[persona[i]] ?? ""}`.toLowerCase());
  return haystack;
}

// `wanted` holds text, band, worth, adopted, persona, company; what is null is not asked for.
function selected(wanted) {
  const tests = [[band, wanted.band], [worth, wanted.worth], [adopted, wanted.adopted], [persona, wanted.persona], [company, wanted.company]]
    .filter(([, code]) => code !== null && code !== undefined);
  const parts = wanted.text ? wanted.text.toLowerCase().split(/\s+/).filter(Boolean) : [];
  if (!tests.length && !parts.length) return everybody;
  const found = parts.length ? texts() : null;
  const kept = new Uint32Array(size);
  let many = 0;
  outer: for (let i = 0; i < size; i++) {
    for (const [codes, code] of tests) if (codes[i] !== code) continue outer;
    for (const part of parts) if (!found[i].includes(part)) continue outer;
    kept[many++] = i;
  }
  return kept.subarray(0, many);
}

// Sorted by a column of numbers or of texts; what is not known comes last either way.
function sorted(items, key, descending) {
  const turn = descending ? -1 : 1;
  return Array.from(items).sort((a, b) => {
    const x = key(a), y = key(b);
    if (typeof x === "string") return turn * (x < y ? -1 : x > y ? 1 : 0);
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return turn * (x - y);
  });
}

function sums(items) {
  let high = 0, risk = 0, worthOf = 0;
  for (const i of items) {
    high += band[i] === 0;
    risk += atRisk[i];
    worthOf += Number.isNaN(value[i]) ? 0 : value[i];
  }
  return { customers: items.length, high, risk, value: worthOf };
}

// One entry per company of those items: { company, items, customers, high, risk, value }.
function byCompany(items) {
  const found = new Map();
  for (const i of items) {
    const entry = found.get(company[i]) ?? { company: company[i], items: [], high: 0, risk: 0, value: 0 };
    entry.items.push(i);
    entry.high += band[i] === 0;
    entry.risk += atRisk[i];
    entry.value += Number.isNaN(value[i]) ? 0 : value[i];
    found.set(company[i], entry);
  }
  return [...found.values()];
}

// Who is worth most; of several the one who uses most of the product.
const champion = (items) => items.reduce((best, i) => {
  const order = [(value[i] || 0) - (value[best] || 0), (adoption[i] || 0) - (adoption[best] || 0)];
  return (order[0] || order[1]) > 0 ? i : best;
}, items[0]);
