"use strict";
// Sorts and filters the tables of a page. Without it every table is whole and in its own order.
for (const table of document.querySelectorAll("table.sheet")) {
  const body = table.tBodies[0];
  const own = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  if (own.length < 6) continue;

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return (cell && (cell.dataset.sort || cell.textContent.trim())) || "";
  };
  const sort = (column, isDown) => {
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const rows = column < 0 ? own : [...own].sort((a, b) => {
      const left = keyOf(a, column), right = keyOf(b, column);
      // What says nothing comes last, whichever way.
      if (!left || !right) return (left ? 0 : 1) - (right ? 0 : 1);
      const order = left.localeCompare(right, "en", {numeric: true});
      return isDown ? -order : order;
    });
    body.append(...rows);
  };

  const tools = document.createElement("div");
  tools.className = "tools";
  const filter = document.createElement("input");
  filter.type = "search";
  const choice = document.createElement("select");
  const count = document.createElement("output");
  const labelled = (text, control) => {
    const label = document.createElement("label");
    label.append(text + " ", control);
    return label;
  };
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of own) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${own.length} lines`;
  };
  choice.append(new Option("as printed", "-1 0"));
  heads.forEach((head, column) => {
    const name = head.textContent;
    choice.append(new Option(`${name}, up`, `${column} 0`), new Option(`${name}, down`, `${column} 1`));
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      const isDown = head.getAttribute("aria-sort") === "ascending";
      choice.value = `${column} ${isDown ? 1 : 0}`;
      sort(column, isDown);
    });
    head.replaceChildren(button);
  });
  choice.addEventListener("change", () => {
    const [column, isDown] = choice.value.split(" ").map(Number);
    sort(column, isDown === 1);
  });
  filter.addEventListener("input", show);
  tools.append(labelled("Filter", filter), labelled("Sort by", choice), count);
  table.parentElement.before(tools);
  show();
}
