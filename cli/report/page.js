// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Draws the pictures with vegaEmbed, which is bundled with this script, and sorts the table.

const specifications = JSON.parse(document.getElementById("specifications").textContent);
const places = [...document.querySelectorAll("[data-chart]")];

// Pictures of several views have no width of their own container, so all get it from here.
async function draw(place) {
  const specification = structuredClone(specifications[place.dataset.chart]);
  const width = Math.max(place.clientWidth, 240);
  if (specification.vconcat) {
    const room = width - 90;
    specification.vconcat.forEach((view) => { view.width = room; });
  } else {
    specification.width = width;
    specification.autosize = { type: "fit-x", contains: "padding" };
  }
  place.dataset.width = width;
  return vegaEmbed(place, specification, { actions: false, renderer: "svg", tooltip: { theme: "page" } });
}

const shown = (place) => draw(place).then(() => true, (error) => {
  console.error(`${place.dataset.chart}: ${error}`);
  return false;
});
Promise.all(places.map(shown)).then((all) => {
  document.documentElement.dataset.drawn = all.every(Boolean) ? "yes" : "no";
});

let waiting = 0;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    places.filter((place) => Number(place.dataset.width) !== place.clientWidth).forEach(shown);
  }, 200);
});
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
});

for (const heading of document.querySelectorAll("th")) {
  const sort = () => {
    const table = heading.closest("table"), column = heading.cellIndex;
    const down = heading.getAttribute("aria-sort") !== "descending";
    table.querySelectorAll("th").forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => {
      const text = row.cells[column].textContent.trim(), number = parseFloat(text.replaceAll(",", ""));
      return row.cells[column].className === "text" || Number.isNaN(number) ? text : number;
    };
    const rows = [...table.tBodies[0].rows].sort((one, other) => {
      const a = key(one), b = key(other);
      const order = typeof a === "number" && typeof b === "number" ? a - b
        : String(a).localeCompare(String(b), undefined, { numeric: true });
      return down ? -order : order;
    });
    table.tBodies[0].append(...rows);
  };
  heading.addEventListener("click", sort);
  heading.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
}
