"use strict";
const charts = JSON.parse(document.getElementById("charts").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map();

function look() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { domainColor: colour("--faint"), tickColor: colour("--faint"), gridColor: colour("--line"),
    labelColor: colour("--text"), titleColor: colour("--text"), titleFontWeight: 500 };
  return { background: "transparent", font: getComputedStyle(document.body).fontFamily, axis,
    legend: { labelColor: colour("--text"), titleColor: colour("--text"), titleFontWeight: 500,
      symbolBaseFillColor: colour("--faint"), symbolBaseStrokeColor: colour("--faint") },
    view: { stroke: colour("--line") } };
}

async function draw(place) {
  place.dataset.drawn = "soon";
  const before = drawn.get(place);
  if (before) before.finalize();
  const options = { actions: { export: true, source: false, compiled: false, editor: false },
    renderer: "svg", config: look(), tooltip: { theme: dark.matches ? "dark" : "light" } };
  const made = await vegaEmbed(place, charts[place.dataset.chart], options);
  drawn.set(place, made);
  place.dataset.drawn = "true";
  made.view.addEventListener("click", (_, item) => {
    const row = item && item.datum && item.datum.row;
    if (row !== undefined) show(document.getElementById(`${place.dataset.model}-row-${row}`));
  });
}

function show(row) {
  document.querySelectorAll("tr.shown").forEach((other) => other.classList.remove("shown"));
  row.classList.add("shown");
  row.scrollIntoView({ block: "center" });
  row.focus({ preventScroll: true });
}

// A chart takes its width from the page: it is drawn when its model is open.
function drawAll(model) {
  model.querySelectorAll(".chart:not([data-drawn])").forEach(draw);
}
document.querySelectorAll("details.model").forEach((model) => {
  if (model.open) drawAll(model);
  model.addEventListener("toggle", () => drawAll(model));
});
// A link to a model opens it.
function open() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.matches("details")) target.open = true;
}
addEventListener("hashchange", open);
open();
dark.addEventListener("change", () => [...drawn.keys()].forEach(draw));

function sort(button) {
  const head = button.closest("th"), table = head.closest("table"), body = table.tBodies[0];
  const column = [...head.parentNode.children].indexOf(head);
  const up = head.getAttribute("aria-sort") === "descending";
  table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const numeric = head.classList.contains("number");
  const order = (a, b) => numeric ? Number(value(a) || -1) - Number(value(b) || -1) : value(a).localeCompare(value(b));
  const rows = [...body.rows].sort((a, b) => up ? order(a, b) : -order(a, b));
  body.append(...rows);
}
document.querySelectorAll("th button").forEach((button) => button.addEventListener("click", () => sort(button)));
