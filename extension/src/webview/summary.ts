import { bytes, time } from "../numbers";
import type { DeviceTotal, Measurement, Report } from "../protocol";
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
  cards.append(...report.devices.map(card), ...(report.measured ?? []).map(measuredCard));
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

function measuredCard(one: Measurement): HTMLElement {
  const when = one.current ? "measured" : "measured before the last edit";
  const spread = one.iqr === null ? "" : element("small", {}, ` IQR ${time(one.iqr)}`);
  return element(
    "li",
    { class: "measured" },
    element("div", { class: "device" }, `${one.target} `, element("small", {}, one.dtype)),
    element("div", { class: one.current ? "seconds" : "seconds none" }, time(one.seconds), spread),
    element("div", { class: "memory" }, `${when}, ${one.runner}`),
  );
}
