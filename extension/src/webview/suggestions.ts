/** The table of a search: the original, then each suggestion with what can be done with it. */
import { bytes, count, time } from "../numbers";
import { changes, changeText, type Act, type Outcome, type Suggestion, type Trial } from "../suggested";
import { element } from "./elements";

const NUMBERS = ["Latency", "IQR", "Change", "Parameters", "MACs", "Memory"];
/** What changes comes last: it may be longer than the panel is wide, and the buttons stay in sight. */
const HEADS = ["Trial", ...NUMBERS, "Confidence", "Actions", "Changes"];

/** Draw it; `chosen` hears of a trial and what to do with it. */
export function suggestions(outcome: Outcome, chosen: (act: Act, trial: number) => void): HTMLElement {
  const heads = HEADS.map((head) =>
    element("th", { scope: "col", class: NUMBERS.includes(head) ? "number" : "" }, head),
  );
  const body = element("tbody", {}, originalRow(outcome));
  body.append(...outcome.suggestions.map((row) => suggestedRow(outcome, row, chosen)));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body);
  const says = element("p", { class: "note" }, `Every row: ${outcome.says}.`);
  const none = "None found: no candidate that was measured is faster than the original.";
  const told = outcome.suggestions.length === 0 ? [element("p", { role: "status" }, none)] : [];
  return element("section", { class: "suggestions", "aria-label": "Suggestions" }, ...told, table, says);
}

function originalRow(outcome: Outcome): HTMLElement {
  return line(outcome.original, "", "the original", [], []);
}

function suggestedRow(
  outcome: Outcome,
  row: Suggestion,
  chosen: (act: Act, trial: number) => void,
): HTMLElement {
  const buttons = (["diff", "apply"] as const).map((act) => {
    const says = act === "diff" ? "Diff" : "Apply";
    const button = element("button", { "aria-label": `${says} trial ${row.trial}` }, says);
    button.addEventListener("click", () => {
      chosen(act, row.trial);
    });
    return button;
  });
  return line(row, changeText(outcome, row), row.confidence, changes(outcome, row), buttons);
}

function line(
  trial: Trial,
  change: string,
  confidence: string,
  changed: string[],
  buttons: HTMLElement[],
): HTMLElement {
  const numbers = [
    trial.median_s === null ? "?" : time(trial.median_s),
    trial.iqr_s === null ? "?" : time(trial.iqr_s),
    change,
    count(trial.params),
    count(trial.macs),
    bytes(trial.peak_bytes),
  ];
  return element(
    "tr",
    { "data-trial": String(trial.trial) },
    element("th", { scope: "row" }, String(trial.trial)),
    ...numbers.map((number) => element("td", { class: "number" }, number)),
    element("td", {}, confidence),
    element("td", {}, ...buttons),
    element("td", {}, ...changed.map((text) => element("div", {}, text))),
  );
}
