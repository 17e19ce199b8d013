/** The page of a search: its plot fills while it goes on, its table comes at the end. */
import { marks, type FromSuggestions, type Outcome, type ToSuggestions, type Trial } from "../suggested";
import { element } from "./elements";
import { pareto } from "./pareto";
import { suggestions } from "./suggestions";

declare function acquireVsCodeApi(): {
  postMessage: (message: FromSuggestions) => void;
};

const host = acquireVsCodeApi();
const page = document.getElementById("page") ?? document.body;

function plot(trials: Trial[], suggested: ReadonlySet<number>): SVGSVGElement {
  return pareto(marks(trials, suggested), (trial) => {
    if (suggested.has(trial)) {
      host.postMessage({ type: "act", act: "diff", trial });
    }
  });
}

function says(trials: Trial[]): string {
  const count = trials.filter(({ choices }) => Object.keys(choices).length > 0).length;
  const how = trials.some(({ state }) => state === "compiled") ? "compiled" : "measured";
  return count === 0 ? "The original comes first …" : `${count} candidate${count === 1 ? "" : "s"} ${how}`;
}

function showTrials(trials: Trial[], text: string): void {
  page.replaceChildren(
    element("h1", {}, "Faster variants"),
    element("p", { class: "about", role: "status" }, text),
    plot(trials, new Set()),
  );
}

function showOutcome(outcome: Outcome): void {
  const place = outcome.place.replace(/^.*[\\/]/, "");
  const how = outcome.how === "compiled" ? "compiled for" : "measured on";
  const where = `${place}, ${how} ${outcome.device} (${outcome.runner}, ${outcome.dtype})`;
  const suggested = new Set(outcome.suggestions.map(({ trial }) => trial));
  page.replaceChildren(
    element("h1", {}, "Faster variants"),
    element("p", { class: "about" }, where),
    plot(outcome.trials, suggested),
    suggestions(outcome, (act, trial) => {
      host.postMessage({ type: "act", act, trial });
    }),
    ...outcome.notes.map((note) => element("p", { class: "note" }, note)),
  );
}

window.addEventListener("message", (event: MessageEvent<ToSuggestions>) => {
  const message = event.data;
  if (message.type === "outcome") {
    showOutcome(message.outcome);
  } else {
    showTrials(message.trials, message.type === "ended" ? message.text : says(message.trials));
  }
});
host.postMessage({ type: "ready" });
