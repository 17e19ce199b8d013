import { bytes, time } from "../numbers";
import type { DeviceTotal, Report } from "../protocol";
import { element } from "./elements";

/** The head of the page: the model, a card for each device, what could not be said. */
export function summary(report: Report): Node[] {
  const head = element(
    "header",
    {},
    element("h1", {}, report.model),
    element("p", { class: "about" }, report.about),
  );
  const cards = element("ul", { class: "devices", "aria-label": "Devices" });
  cards.append(...report.devices.map(card));
  const note = report.note ? [element("p", { class: "note" }, report.note)] : [];
  return [head, cards, ...note];
}

function card(total: DeviceTotal): HTMLElement {
  const lines = [element("div", { class: "device" }, `${total.device} `, element("small", {}, total.dtype))];
  if (total.seconds === null) {
    lines.push(element("div", { class: "seconds none" }, "no estimate"));
  } else {
    const bound = total.bound ? element("small", {}, ` ${total.bound}-bound`) : "";
    lines.push(element("div", { class: "seconds" }, time(total.seconds), bound));
  }
  const memory = [
    total.weightBytes === null ? "" : `weights ${bytes(total.weightBytes)}`,
    total.peakBytes === null ? "" : `peak ${bytes(total.peakBytes)}`,
  ];
  lines.push(element("div", { class: "memory" }, memory.filter(Boolean).join(" · ")));
  lines.push(...total.breaks.map((limit) => element("div", { class: "breaks" }, limit)));
  return element("li", {}, ...lines);
}
