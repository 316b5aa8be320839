// Tables with class "sortable" are sorted by the column whose heading is clicked.
// Headings become buttons, so the keyboard works; without JavaScript the table is just a table.

const collator = new Intl.Collator("en", { numeric: true });

function cellText(row, column) {
  return row.cells[column].textContent.trim();
}

// Numbers by size, also 3e-9 before 2e-8; all else as text.
function compare(a, b) {
  const difference = a && b ? Number(a) - Number(b) : NaN;
  return Number.isNaN(difference) ? collator.compare(a, b) : difference;
}

function sortBy(table, column, heading) {
  const ascending = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const direction = ascending ? 1 : -1;
  const body = table.tBodies[0];
  const rows = [...body.rows].sort(
    (a, b) => direction * compare(cellText(a, column), cellText(b, column)),
  );
  body.append(...rows);
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent.trim();
    button.addEventListener("click", () => sortBy(table, column, heading));
    heading.replaceChildren(button);
  });
}
