/** The table of a search: the original, then each suggestion with what can be done with it. */
import { bytes, count, time } from "../numbers";
import { changes, changeText, type Act, type Outcome, type Suggestion, type Trial } from "../suggested";
import { element } from "./elements";

const NUMBERS = ["Latency", "IQR", "Change", "Parameters", "MACs", "Memory"];
/** The column that only what was measured has. */
const SPREAD = "IQR";

/** Draw it; `chosen` hears of a trial and what to do with it. */
export function suggestions(outcome: Outcome, chosen: (act: Act, trial: number) => void): HTMLElement {
  // What changes comes last: it may be longer than the panel is wide, and the buttons stay in sight.
  const heads = ["Trial", ...numbers(outcome), "Confidence", "Actions", "Changes"].map((head) =>
    element("th", { scope: "col", class: NUMBERS.includes(head) ? "number" : "" }, head),
  );
  const body = element("tbody", {}, originalRow(outcome));
  body.append(...outcome.suggestions.map((row) => suggestedRow(outcome, row, chosen)));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body);
  const says = element("p", { class: "note" }, `Every row: ${outcome.says}.`);
  const none = `None found: no candidate that was ${outcome.how} is faster than the original.`;
  const told = outcome.suggestions.length === 0 ? [element("p", { role: "status" }, none)] : [];
  return element("section", { class: "suggestions", "aria-label": "Suggestions" }, ...told, table, says);
}

function numbers(outcome: Outcome): string[] {
  return NUMBERS.filter((head) => head !== SPREAD || outcome.how === "measured");
}

function originalRow(outcome: Outcome): HTMLElement {
  return line(outcome, outcome.original, "", "the original", [], []);
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
  return line(outcome, row, changeText(outcome, row), row.confidence, changes(outcome, row), buttons);
}

function line(
  outcome: Outcome,
  trial: Trial,
  change: string,
  confidence: string,
  changed: string[],
  buttons: HTMLElement[],
): HTMLElement {
  const cells: Record<string, string> = {
    Latency: trial.median_s === null ? "?" : time(trial.median_s),
    [SPREAD]: trial.iqr_s === null ? "?" : time(trial.iqr_s),
    Change: change,
    Parameters: count(trial.params),
    MACs: count(trial.macs),
    Memory: bytes(trial.peak_bytes),
  };
  return element(
    "tr",
    { "data-trial": String(trial.trial) },
    element("th", { scope: "row" }, String(trial.trial)),
    ...numbers(outcome).map((head) => element("td", { class: "number" }, cells[head] ?? "?")),
    element("td", {}, confidence),
    element("td", {}, ...buttons),
    element("td", {}, ...changed.map((text) => element("div", {}, text))),
  );
}
