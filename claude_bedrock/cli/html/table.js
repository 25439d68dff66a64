"use strict";
// Tables are whole without this: it adds a button to each heading, and a field to filter long ones.
const LONG = 12;

function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

function sort(table, heading, column) {
  const up = heading.getAttribute("aria-sort") !== "ascending";
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => compare(value(a, column), value(b, column)) * (up ? 1 : -1));
  table.tBodies[0].append(...rows);
}

function sortable(table) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sort(table, heading, column));
    heading.replaceChildren(button);
  });
}

function filterable(table) {
  const rows = [...table.tBodies[0].rows];
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("output");
  label.className = "filter";
  input.type = "search";
  label.append("Filter ", input, count);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const left = rows.filter((row) => !row.hidden).length;
    count.textContent = input.value ? `${left} of ${rows.length}` : "";
  });
  table.parentElement.before(label);
}

function labeled(table) {
  const names = [...table.tHead.rows[0].cells].map((heading) => heading.textContent);
  for (const row of table.tBodies[0].rows) {
    [...row.cells].forEach((cell, column) => {
      const content = document.createElement("span");
      content.className = "cell";
      content.append(...cell.childNodes);
      if (content.hasChildNodes()) cell.append(content);
      cell.dataset.label = names[column];
    });
  }
  table.classList.add("labeled");
}

function unfiltered() {
  for (const row of document.querySelectorAll("tr[hidden]")) row.hidden = false;
  for (const input of document.querySelectorAll(".filter input")) {
    input.value = "";
    input.nextElementSibling.textContent = "";
  }
}

for (const table of document.querySelectorAll("table.sortable")) {
  const { rows } = table.tBodies[0];
  labeled(table);
  if (rows.length > 1) sortable(table);
  if (rows.length >= LONG) filterable(table);
}
// A link may lead to a row that a filter hides, and what is printed is whole.
window.addEventListener("hashchange", unfiltered);
window.addEventListener("beforeprint", unfiltered);
