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

function show(report: Report): void {
  const shown = new Table(report, (place) => {
    host.postMessage({ type: "reveal", place });
  });
  table = shown;
  const charts = element("section", { class: "charts", "aria-label": "Charts" });
  page.replaceChildren(...summary(report), charts, shown.root);
  void drawCharts(charts, report.charts, (row) => {
    shown.go(row);
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
