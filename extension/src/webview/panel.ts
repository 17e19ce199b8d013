/** The panel's page: hears of reports and of the cursor, tells of the line that was chosen. */
import type { FromPanel, Report, ToPanel } from "../protocol";
import { drawCharts, redrawOnTheme } from "./charts";
import { element } from "./elements";
import { summary } from "./summary";
import { Table } from "./table";

declare function acquireVsCodeApi(): {
  postMessage: (message: FromPanel) => void;
};

const host = acquireVsCodeApi();
const page = document.getElementById("page") ?? document.body;
let table: Table | undefined;

/** Show a report in the place of an older one. Who reads keeps the keyboard's row, and what is in sight. */
function show(report: Report): void {
  const focused = document.hasFocus() ? table?.focused() : undefined;
  const shown = new Table(report, (place) => {
    host.postMessage({ type: "reveal", place });
  });
  table = shown;
  const charts = element("section", { class: "charts", "aria-label": "Charts" });
  page.style.minHeight = `${page.offsetHeight}px`; // until the charts are as high as before
  page.replaceChildren(...summary(report), charts, shown.root);
  if (focused !== undefined) {
    shown.choose(focused);
  }
  const drawn = drawCharts(charts, report.charts, (row) => {
    shown.go(row);
  });
  void drawn.finally(() => {
    page.style.minHeight = "";
  });
}

function say(text: string): void {
  table = undefined;
  page.replaceChildren(element("p", { class: "empty", role: "status" }, text));
}

window.addEventListener("message", (event: MessageEvent<ToPanel>) => {
  const message = event.data;
  if (message.type === "report") {
    document.body.classList.remove("busy");
    show(message.report);
  } else if (message.type === "nothing") {
    document.body.classList.remove("busy");
    say(message.why);
  } else if (message.type === "busy") {
    document.body.classList.add("busy");
  } else {
    table?.follow(message.place);
  }
});
redrawOnTheme();
host.postMessage({ type: "ready" });
