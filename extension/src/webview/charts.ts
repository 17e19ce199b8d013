import embed, { type VisualizationSpec } from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";
import type { Chart } from "../protocol";
import { element } from "./elements";

let drawn: { into: HTMLElement; charts: Chart[]; chosen: (row: number) => void } | undefined;

/** Draw charts; `chosen` hears of the layer that was clicked. Their expressions are interpreted: the page may not make code of text. */
export async function drawCharts(
  into: HTMLElement,
  charts: Chart[],
  chosen: (row: number) => void,
): Promise<void> {
  drawn = { into, charts, chosen };
  const frames = charts.map((chart) => {
    const plot = element("div", { class: "plot" });
    const figure = element(
      "figure",
      { id: `chart-${chart.id}` },
      element("figcaption", {}, chart.title),
      plot,
    );
    return { chart, plot, figure };
  });
  into.replaceChildren(...frames.map((frame) => frame.figure));
  for (const { chart, plot } of frames) {
    try {
      const { view } = await embed(plot, narrow(chart.spec) as VisualizationSpec, {
        actions: false,
        ast: true,
        config: theme(),
        defaultStyle: false,
        expr: expressionInterpreter,
        renderer: "svg",
        tooltip: { disableDefaultStyle: true },
      });
      view.addEventListener("click", (_event, item) => {
        const row = (item?.datum as { row?: unknown } | undefined)?.row;
        if (typeof row === "number") {
          chosen(row);
        }
      });
    } catch (error) {
      plot.replaceChildren(element("p", { class: "note" }, `cannot be drawn: ${String(error)}`));
    }
  }
}

/** Draw again when the colours of the editor change: VS Code changes the body's classes then. */
export function redrawOnTheme(): void {
  new MutationObserver(() => {
    if (drawn !== undefined) {
      void drawCharts(drawn.into, drawn.charts, drawn.chosen);
    }
  }).observe(document.body, { attributeFilter: ["data-vscode-theme-id"] });
}

/** A copy of a specification whose legends fit a narrow panel: two above one plot would be cut off
 * side by side, so shapes are explained below it, and names of devices stand in two columns. */
function narrow(part: unknown, name = ""): unknown {
  if (Array.isArray(part)) {
    return part.map((item) => narrow(item));
  }
  if (typeof part !== "object" || part === null) {
    return part;
  }
  const entries = Object.entries(part).filter(([key]) => key !== "datasets");
  const made = Object.fromEntries(entries.map(([key, value]) => [key, narrow(value, key)]));
  if (typeof made.legend === "object" && made.legend !== null) {
    const orient = name === "shape" ? "bottom" : "top";
    made.legend = { ...made.legend, orient, columns: made.field === "bound" ? 3 : 2 };
  }
  return "datasets" in part ? { ...made, datasets: part.datasets } : made;
}

function theme(): Record<string, unknown> {
  const style = getComputedStyle(document.body);
  const colour = (name: string): string => style.getPropertyValue(`--vscode-${name}`).trim();
  const text = colour("editor-foreground");
  const lines = colour("editorWidget-border") || text;
  const words = { labelColor: text, titleColor: text, labelFontSize: 12, titleFontSize: 12 };
  return {
    background: "transparent",
    font: style.fontFamily,
    axis: { ...words, titleFontWeight: "normal", domainColor: lines, gridColor: lines, tickColor: lines },
    legend: {
      ...words,
      titleFontWeight: "normal",
      symbolBaseFillColor: text,
      symbolBaseStrokeColor: text,
    },
    text: { color: text, fontSize: 11 },
    view: { stroke: "transparent" },
  };
}
