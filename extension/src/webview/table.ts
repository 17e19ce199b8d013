import { count, bytes, share, time } from "../numbers";
import type { Cost, DeviceTotal, Measured, Measurement, Place, Report, Row } from "../protocol";
import { rowsAt } from "../rows";
import { element } from "./elements";

/** Layer by layer. One row has the keyboard; arrows move it, Enter goes to its line. */
export class Table {
  readonly root: HTMLElement;
  private readonly rows: HTMLTableRowElement[];
  private current = 0;

  constructor(
    private readonly report: Report,
    private readonly reveal: (place: Place) => void,
  ) {
    const devices = report.devices.filter((total) => total.seconds !== null);
    const measured = (report.measured ?? []).filter((one) => report.rows.some((row) => timeOf(row, one)));
    this.rows = report.rows.map((row, index) => this.row(row, index, devices, measured));
    const body = element("tbody", {}, ...this.rows);
    body.addEventListener("keydown", (event) => {
      this.key(event);
    });
    body.addEventListener("focusin", () => {
      this.choose(this.focused() ?? this.current);
    });
    const table = element("table", { "aria-label": "Layers" }, head(devices, measured), body);
    this.root = element("section", { class: "layers" }, table);
    this.rows[0]?.setAttribute("tabindex", "0");
  }

  /** Mark what stands where the cursor is, and bring it into sight. */
  follow(place: Place): void {
    const here = new Set(rowsAt(this.report, place.uri, place.line));
    this.rows.forEach((row, index) => {
      row.classList.toggle("here", here.has(index));
      row.setAttribute("aria-selected", String(here.has(index)));
    });
    const [first] = here;
    if (first !== undefined && !document.hasFocus()) {
      this.rows[first]?.scrollIntoView({ block: "nearest" });
    }
  }

  /** The row that has the keyboard, if any has. */
  focused(): number | undefined {
    const found = this.rows.findIndex((row) => row === document.activeElement);
    return found < 0 ? undefined : found;
  }

  private row(
    row: Row,
    index: number,
    devices: DeviceTotal[],
    measured: Measurement[],
  ): HTMLTableRowElement {
    const line = row.line === null ? "" : String(row.line + 1);
    const made = element(
      "tr",
      { tabindex: "-1" },
      element("th", { scope: "row" }, row.name || "(model)"),
      element("td", {}, row.kind),
      element("td", { class: "number" }, line),
      ...devices.map((device) => cell(row.costs.find((cost) => cost.device === device.device))),
      ...measured.map((one) => measuredCell(timeOf(row, one))),
      element("td", {}, row.output),
      element("td", { class: "number" }, count(row.params)),
      element("td", { class: "number" }, count(row.macs)),
      element("td", { class: "number" }, bytes(row.bytes)),
    );
    made.addEventListener("click", () => {
      this.choose(index);
      this.go(index);
    });
    return made;
  }

  private key(event: KeyboardEvent): void {
    const last = this.rows.length - 1;
    const steps: Record<string, number> = {
      ArrowDown: this.current + 1,
      ArrowUp: this.current - 1,
      Home: 0,
      End: last,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      this.choose(step);
    } else if (event.key === "Enter" || event.key === " ") {
      this.go(this.current);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Give a row the keyboard; the last where there are fewer rows. */
  choose(index: number): void {
    this.rows[this.current]?.setAttribute("tabindex", "-1");
    this.current = Math.max(0, Math.min(index, this.rows.length - 1));
    const row = this.rows[this.current];
    row?.setAttribute("tabindex", "0");
    if (row !== document.activeElement) {
      row?.focus({ preventScroll: this.focused() === undefined });
    }
  }

  /** Go to the line of a row. */
  go(index: number): void {
    const row = this.report.rows[index];
    if (row?.uri != null && row.line !== null) {
      this.reveal({ uri: row.uri, line: row.line });
    }
  }
}

/** What a row takes by a measurement; undefined where that is not known. */
function timeOf(row: Row, one: Measurement): Measured | undefined {
  return row.measured?.find(
    (found) =>
      one.current &&
      found.target === one.target &&
      found.runner === one.runner &&
      found.dtype === one.dtype,
  );
}

function measuredCell(found: Measured | undefined): HTMLTableCellElement {
  if (found === undefined) {
    return element("td", { class: "number none" }, "–");
  }
  const part = element("span", { class: "share" }, share(found.share));
  return element("td", { class: "number cost" }, element("span", {}, time(found.seconds)), part);
}

function head(devices: DeviceTotal[], measured: Measurement[]): HTMLTableSectionElement {
  const numbers = ["params", "MACs", "bytes"];
  const cells = [
    element("th", { scope: "col" }, "layer"),
    element("th", { scope: "col" }, "runs"),
    element("th", { scope: "col", class: "number" }, "line"),
    ...devices.map((device) => element("th", { scope: "col", class: "number" }, device.device)),
    ...measured.map((one) =>
      element("th", { scope: "col", class: "number" }, `measured on ${one.target}, ${one.runner}`),
    ),
    element("th", { scope: "col" }, "output"),
    ...numbers.map((name) => element("th", { scope: "col", class: "number" }, name)),
  ];
  return element("thead", {}, element("tr", {}, ...cells));
}

function cell(cost: Cost | undefined): HTMLTableCellElement {
  if (cost === undefined) {
    return element("td", { class: "number none" }, "–");
  }
  if (cost.seconds === 0) {
    const title = "part of another layer's kernel";
    return element("td", { class: "number none", title }, "0", element("span", { class: "share" }));
  }
  const part = cost.share ?? 0;
  const bar = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  bar.setAttribute("class", "bar");
  bar.setAttribute("viewBox", "0 0 100 1");
  bar.setAttribute("preserveAspectRatio", "none");
  bar.setAttribute("aria-hidden", "true");
  const filled = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  filled.setAttribute("width", String(100 * part));
  filled.setAttribute("height", "1");
  filled.setAttribute("class", cost.bound);
  bar.append(filled);
  const title = [`${cost.device} ${cost.dtype}`, cost.bound && `${cost.bound}-bound`, ...cost.breaks];
  return element(
    "td",
    { class: "number cost", title: title.filter(Boolean).join(", ") },
    element("span", {}, time(cost.seconds)),
    element("span", { class: "share" }, share(part)),
    bar,
  );
}
