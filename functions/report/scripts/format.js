// Numbers as people read them: the same as in holdfast.words and report.page.

const held = "\u00a0"; // a space at which no line ends
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const count = (amount) => grouped.format(amount);
const people = (number) => `${count(number)} customer${number === 1 ? "" : "s"}`;
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}${held}%`;
const signed = (points, digits = 1) => `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(digits)}`;

function money(amount) {
  if (amount === null || Number.isNaN(amount)) return "unknown";
  for (const [size, suffix] of [[1e6, `${held}M`], [1e3, `${held}k`]]) {
    if (Math.abs(amount) >= size) return `${about.currency}${held}${(amount / size).toFixed(1)}${suffix}`;
  }
  return `${about.currency}${held}${count(amount)}`;
}

function quantity(value, unit) {
  if (value === null || value === undefined) return "not known";
  if (unit === "yes or no") return value >= 0.5 ? "yes" : "no";
  if (unit === "share") return percent(value);
  const said = figure(value);
  return `${said} ${unit === "ratio" ? "times" : said === "1" ? unit.replace(/s$/, "") : unit}`.trim();
}

function figure(value) {
  const size = Math.abs(value);
  if (size < 1e-9) return "0";
  if (value === Math.round(value) || size >= 100) return count(value);
  return size >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(2)));
}

function day(iso) {
  const moment = new Date(`${iso}T00:00:00Z`);
  return moment.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

const lowered = (sentence) => sentence.charAt(0).toLowerCase() + sentence.slice(1);

// A row of comma-separated values; what a spreadsheet would take for a formula is made a text.
const csvRow = (cells) => cells.map(csvCell).join(",");
function csvCell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
