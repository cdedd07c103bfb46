"use strict";
(() => {
  const PRINTED_WIDTH = 680;
  const SCALES = {
    errors: { light: null, dark: [[0, "#232830"], [0.5, "#a8532a"], [1, "#ffdca8"]] },
    points: { light: null, dark: [[0, "#66717f"], [0.5, "#d9772f"], [1, "#ffe2b0"]] },
  };
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const coarse = window.matchMedia("(pointer: coarse)").matches;
  const plots = [...document.querySelectorAll(".plot")];
  let points = {};
  const ink = () => getComputedStyle(document.body).color;

  // The figures of a wide table name columns of one table of points, so that it stands in the page once.
  async function unpack(element) {
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  }

  function fill(trace) {
    if (trace.type !== "scattergl") return;
    for (const key of ["x", "y", "text"]) trace[key] = points[trace[key]];
    trace.marker.color = points[trace.marker.color];
  }

  // A scale that grows away from the page: towards dark on a light one, towards light on a dark one.
  function scale(trace, isDark) {
    if (!(trace.meta in SCALES)) return;
    const holder = trace.type === "heatmap" ? trace : trace.marker;
    SCALES[trace.meta].light ??= holder.colorscale;
    holder.colorscale = isDark ? SCALES[trace.meta].dark : SCALES[trace.meta].light;
  }

  async function draw(plot) {
    const { data, layout } = JSON.parse(plot.querySelector("script").textContent);
    data.forEach(fill);
    data.forEach((trace) => scale(trace, dark.matches));
    layout.font = { ...layout.font, color: ink(), family: getComputedStyle(document.body).fontFamily };
    if (window.innerWidth < 600) layout.font.size = 10;
    if (data.some((trace) => trace.type === "scattergl") && !coarse) {
      layout.xaxis.fixedrange = layout.yaxis.fixedrange = false;
      layout.dragmode = "zoom";
    }
    await Plotly.newPlot(plot, data, layout, { responsive: true, displayModeBar: false });
    plot.style.minHeight = "";
  }

  function recolour(colour, isDark) {
    for (const plot of plots) {
      if (!plot.data) continue;
      plot.data.forEach((trace) => scale(trace, isDark));
      Plotly.react(plot, plot.data, { ...plot.layout, font: { ...plot.layout.font, color: colour } });
    }
  }

  function resize(width) {
    for (const plot of plots) {
      if (plot.data) Plotly.relayout(plot, width ? { width: Math.min(width, plot.closest(".grid") ? width / 2 - 30 : width) } : { width: null, autosize: true });
    }
  }

  async function drawAll() {
    const packed = document.getElementById("points");
    if (packed) points = await unpack(packed);
    for (const plot of plots) {
      await draw(plot);
      await new Promise((rest) => setTimeout(rest)); // the page answers in between
    }
    document.documentElement.dataset.drawn = String(plots.length);
  }

  drawAll();
  dark.addEventListener("change", () => recolour(ink(), dark.matches));
  window.addEventListener("beforeprint", () => {
    recolour("#1c2430", false);
    resize(PRINTED_WIDTH);
  });
  window.addEventListener("afterprint", () => {
    resize(null);
    recolour(ink(), dark.matches);
  });

  function key(row, column) {
    const cell = row.cells[column];
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    return cell.classList.contains("n") ? null : cell.textContent.trim();
  }

  function compare(a, b, up) {
    if (a === null || b === null) return (a === null) - (b === null); // no number: last, either way
    const order = typeof a === "number" ? a - b : a.localeCompare(b);
    return up ? order : -order;
  }

  document.querySelectorAll(".sortable").forEach((table) => {
    table.querySelectorAll("thead th").forEach((heading, column) => {
      heading.querySelector("button").addEventListener("click", () => {
        const up = heading.getAttribute("aria-sort") !== "ascending";
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((a, b) => compare(key(a, column), key(b, column), up));
        table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        body.append(...rows);
      });
    });
  });
})();
