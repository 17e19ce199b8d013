/** The plot of a search: latency against parameters, each candidate that was measured, or compiled, a mark. */
import { count, time } from "../numbers";
import { axis, front, type Axis, type Mark } from "../suggested";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [560, 320];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 12, 12, 44];

/** Draw it; `chosen` hears of the trial that was clicked, or entered by the keyboard. */
export function pareto(all: Mark[], chosen: (trial: number) => void): SVGSVGElement {
  const root = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "pareto", role: "group" });
  root.setAttribute("aria-label", "Latency against parameters");
  if (all.length === 0) {
    return root;
  }
  const x = axis(all.flatMap(({ low, high }) => [low, high]), LEFT, WIDTH - RIGHT);
  const y = axis(all.map(({ params }) => params), HEIGHT - BOTTOM, TOP);
  const points = front(all).map(({ seconds, params }) => `${x.at(seconds)},${y.at(params)}`);
  root.append(
    ...scales(x, y, all.some(({ role }) => role === "compiled")),
    shape("polyline", { class: "front", points: points.join(" ") }),
    ...all.map((mark) => drawn(mark, x, y, chosen)),
  );
  return root;
}

function scales(x: Axis, y: Axis, compiled: boolean): SVGElement[] {
  const floor = HEIGHT - BOTTOM;
  const below = x.ticks.map((tick) =>
    text(time(tick), { x: `${x.at(tick)}`, y: `${floor + 18}`, "text-anchor": "middle" }),
  );
  const beside = y.ticks.map((tick) =>
    text(count(tick), { x: `${LEFT - 6}`, y: `${y.at(tick) + 4}`, "text-anchor": "end" }),
  );
  const frame = `M${LEFT},${TOP}V${floor}H${WIDTH - RIGHT}`;
  const middle = `${(LEFT + WIDTH - RIGHT) / 2}`;
  const titles = [
    text(compiled ? "latency (vendor compiler estimate)" : "latency (median, IQR)", { x: middle, y: `${HEIGHT - 6}`, "text-anchor": "middle" }),
    text("parameters", { x: `${LEFT + 6}`, y: `${TOP + 10}` }),
  ];
  return [shape("path", { class: "axes", d: frame }), ...below, ...beside, ...titles];
}

/** One mark: roles differ by shape as well as by colour. */
function drawn(mark: Mark, x: Axis, y: Axis, chosen: (trial: number) => void): SVGElement {
  const [across, down] = [x.at(mark.seconds), y.at(mark.params)];
  const spread = mark.high > mark.low ? `, IQR ${time(mark.high - mark.low)}` : "";
  const says = `${name(mark)}: ${time(mark.seconds)}${spread}, ${count(mark.params)} parameters`;
  const group = shape("g", { class: `mark ${mark.role}`, tabindex: "0", role: "button" });
  group.setAttribute("aria-label", says);
  const whisker = `M${x.at(mark.low)},${down}H${x.at(mark.high)}`;
  const title = shape("title", {});
  title.textContent = says;
  group.append(title, shape("path", { class: "iqr", d: whisker }), figure(mark, across, down));
  group.addEventListener("click", () => {
    chosen(mark.trial);
  });
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      chosen(mark.trial);
    }
  });
  return group;
}

function name(mark: Mark): string {
  return mark.role === "original" ? "original" : `trial ${mark.trial}, ${mark.role}`;
}

function figure(mark: Mark, x: number, y: number): SVGElement {
  if (mark.role === "original") {
    return shape("path", { d: `M${x},${y - 7}L${x + 7},${y}L${x},${y + 7}L${x - 7},${y}Z` });
  }
  return shape("circle", { cx: `${x}`, cy: `${y}`, r: mark.role === "suggested" ? "6" : "3" });
}

function text(says: string, attributes: Record<string, string>): SVGElement {
  const made = shape("text", attributes);
  made.textContent = says;
  return made;
}

function shape<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  return made;
}
