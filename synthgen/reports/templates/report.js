"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const plots = [...document.querySelectorAll(".plot")];
  const ink = () => getComputedStyle(document.body).color;

  function draw(plot) {
    const figure = JSON.parse(plot.querySelector("script").textContent);
    figure.layout.font = { ...figure.layout.font, color: ink(), family: getComputedStyle(document.body).fontFamily };
    if (window.innerWidth < 600) figure.layout.font.size = 10;
    Plotly.newPlot(plot, figure.data, figure.layout, { responsive: true, displayModeBar: false });
  }

  plots.forEach(draw);
  dark.addEventListener("change", () => plots.forEach((plot) => Plotly.relayout(plot, { "font.color": ink() })));

  function key(row, column) {
    const text = row.cells[column].textContent.trim();
    const number = parseFloat(text);
    return Number.isNaN(number) ? text : number;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b));
  }

  document.querySelectorAll(".sortable thead th").forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      const body = heading.closest("table").tBodies[0];
      const rows = [...body.rows].sort((a, b) => (up ? 1 : -1) * compare(key(a, column), key(b, column)));
      heading.closest("tr").querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      body.append(...rows);
    });
  });
})();
