// A table of any length of which only the rows in sight are drawn. Arrow keys move, Enter opens, headings sort.

const ROW = 44;

const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((each) => each !== null && each !== undefined));
  return made;
};

// Columns: { title, cell(item) → text or node, key(item) → number or text, size, number, wide }. `wide` ones go on a phone.
class Grid {
  constructor(place, { label, columns, open, sort = null, most = 10, nobody = "" }) {
    Object.assign(this, { columns, open, most, items: [], active: 0, sort });
    this.head = make("div", { role: "row", class: "grid-row grid-head", "aria-rowindex": 1 }, ...columns.map((column, c) => this.heading(column, c)));
    this.space = make("div", { class: "grid-space", role: "presentation" });
    this.body = make("div", { class: "grid-body", role: "rowgroup", tabindex: "-1" }, this.space);
    this.root = make("div", { role: "grid", class: "grid", "aria-label": label }, make("div", { role: "rowgroup" }, this.head), this.body);
    this.root.style.setProperty("--columns", columns.map((column) => column.size).join(" "));
    this.root.style.setProperty("--narrow", columns.filter((column) => !column.wide).map((column) => column.narrow ?? column.size).join(" "));
    this.body.addEventListener("scroll", () => this.draw(), { passive: true });
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.empty = make("p", { class: "soft", hidden: true }, nobody);
    place.replaceChildren(this.root, this.empty);
  }

  heading(column, c) {
    const content = column.key ? make("button", { class: "sorter", onclick: () => this.sortBy(c) }, column.title) : column.title;
    return make("div", { role: "columnheader", class: this.classes(column) }, content);
  }

  classes = (column) => [column.number && "n", column.wide && "wide", column.kind].filter(Boolean).join(" ") || null;

  show(items) {
    this.shown = items;
    this.items = this.sort === null ? items : sorted(items, this.columns[this.sort.column].key, this.sort.descending);
    this.active = 0;
    this.body.scrollTop = 0;
    this.root.hidden = !items.length;
    this.empty.hidden = Boolean(items.length);
    this.root.setAttribute("aria-rowcount", items.length + 1);
    this.space.style.height = `${items.length * ROW}px`;
    this.body.style.height = `${Math.min(items.length, this.most) * ROW}px`;
    this.draw(true);
  }

  sortBy(c) {
    const number = this.columns[c].number;
    const again = this.sort?.column === c;
    this.sort = { column: c, descending: again ? !this.sort.descending : Boolean(number) };
    [...this.head.children].forEach((cell, place) => cell.setAttribute("aria-sort", place === c ? (this.sort.descending ? "descending" : "ascending") : "none"));
    this.show(this.shown);
  }

  draw(anew = false) {
    const first = Math.max(0, Math.floor(this.body.scrollTop / ROW) - 4);
    const last = Math.min(this.items.length, first + this.most + 9);
    if (!anew && first === this.first && last === this.last) return;
    [this.first, this.last] = [first, last];
    const held = this.space.contains(document.activeElement);
    this.space.replaceChildren(...Array.from({ length: last - first }, (_, k) => this.row(first + k)));
    if (held) this.space.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  }

  row(place) {
    const item = this.items[place];
    const cells = this.columns.map((column) => {
      const content = column.cell(item);
      return make("div", { role: "gridcell", class: this.classes(column), dir: column.text ? "auto" : null, title: typeof content === "string" && column.text ? content : null }, content);
    });
    const made = make("div", { role: "row", class: "grid-row", tabindex: place === this.active ? "0" : "-1", "aria-rowindex": place + 2, onclick: () => this.choose(place) }, ...cells);
    made.style.top = `${place * ROW}px`;
    return made;
  }

  choose(place) {
    this.active = place;
    this.open(this.items[place]);
  }

  key(event) {
    const last = this.items.length - 1;
    const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + this.most, PageUp: this.active - this.most, Home: 0, End: last }[event.key];
    if (event.key === "Enter" || event.key === " ") this.choose(this.active);
    else if (to === undefined) return;
    else this.go(Math.max(0, Math.min(last, to)));
    event.preventDefault();
  }

  go(place) {
    this.active = place;
    const top = place * ROW;
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    if (top + ROW > this.body.scrollTop + this.body.clientHeight) this.body.scrollTop = top + ROW - this.body.clientHeight;
    this.draw(true);
    this.space.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  }
}

const dot = (b) => make("span", { class: `dot ${bandName(b)}` }, bandName(b));

function save(name, header, rows) {
  const body = [header, ...rows].map(csvRow).join("\r\n");
  const link = make("a", { href: URL.createObjectURL(new Blob(["\ufeff", body, "\r\n"], { type: "text/csv" })), download: `${name}-${about.as_of}.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
  announce(`${count(rows.length)} rows saved as ${link.download}`);
}

const announce = (text) => { document.getElementById("announce").textContent = text; };

// Tabs of one list: arrow keys go between them, choosing one calls `chosen` with its place.
function tabs(list, chosen) {
  const all = [...list.children];
  const choose = (place) => {
    all.forEach((tab, k) => {
      tab.setAttribute("aria-selected", k === place);
      tab.tabIndex = k === place ? 0 : -1;
    });
    document.getElementById(all[place].getAttribute("aria-controls")).setAttribute("aria-labelledby", all[place].id);
    chosen(place);
  };
  all.forEach((tab, place) => {
    tab.addEventListener("click", () => choose(place));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (place + step + all.length) % all.length;
      all[next].focus();
      choose(next);
    });
  });
  return choose;
}
