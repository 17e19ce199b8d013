/** What a search for a faster variant came to, and where its plot's marks stand; no VS Code and no
 * browser in here. */

/** Where numbers come from: a device, or the estimate of a vendor's compiler. */
export type How = "measured" | "compiled";

export interface Trial {
  trial: number;
  /** "measured", "compiled", "failed", "refused", "bounds", "seen", "estimate": as the server has it. */
  state: string;
  /** What it changes, by point; none: the original. */
  choices: Record<string, unknown>;
  median_s: number | null;
  iqr_s: number | null;
  params: number | null;
  macs: number | null;
  peak_bytes: number | null;
}

/** A candidate that is worth having. */
export interface Suggestion extends Trial {
  /** "confirmed", "not confirmed", "measured once", "compiled". */
  confidence: string;
  /** Measured again in turns with the original; null: it was not. */
  again: { ratio: number } | null;
}

export interface Outcome {
  place: string;
  device: string;
  runner: string;
  dtype: string;
  how: How;
  /** What the numbers are, and what they are not. */
  says: string;
  points: { name: string; present: unknown; says: string }[];
  original: Trial;
  suggestions: Suggestion[];
  trials: Trial[];
  notes: string[];
}

/** How much less time it takes, by what was measured in turns where it was: "-12.3 %". */
export function changeText(outcome: Outcome, row: Suggestion): string {
  const original = outcome.original.median_s;
  const ratio = row.again?.ratio ?? (original && row.median_s !== null ? row.median_s / original : null);
  if (ratio === null) {
    return "?";
  }
  const percent = (100 * (ratio - 1)).toFixed(1);
  return `${percent.startsWith("-") ? "" : "+"}${percent} %`;
}

/** What a trial changes, a line for each point. */
export function changes(outcome: Outcome, trial: Trial): string[] {
  return outcome.points
    .filter(({ name }) => name in trial.choices)
    .map(({ name, present, says }) => {
      const change = `${name}: ${String(present)} → ${String(trial.choices[name])}`;
      return says ? `${change} (${says})` : change;
    });
}

export type Role = "original" | "suggested" | How;

/** A candidate that was measured or compiled, as the plot shows it. */
export interface Mark {
  trial: number;
  role: Role;
  seconds: number;
  /** The middle half of the samples, in seconds: as wide as the IQR, about the median. */
  low: number;
  high: number;
  params: number;
}

/** The trials that have both of the plot's numbers. */
export function marks(trials: Trial[], suggested: ReadonlySet<number>): Mark[] {
  return trials.flatMap((trial) => {
    const { median_s: seconds, params } = trial;
    const how = trial.state;
    if (!isHow(how) || seconds === null || params === null) {
      return [];
    }
    const half = (trial.iqr_s ?? 0) / 2;
    const low = Math.max(seconds - half, 0);
    const role = roleOf(trial, how, suggested);
    return [{ trial: trial.trial, role, seconds, low, high: seconds + half, params }];
  });
}

function isHow(state: string): state is How {
  return state === "measured" || state === "compiled";
}

function roleOf(trial: Trial, how: How, suggested: ReadonlySet<number>): Role {
  if (Object.keys(trial.choices).length === 0) {
    return "original";
  }
  return suggested.has(trial.trial) ? "suggested" : how;
}

/** The marks that no other one dominates, the fastest first. Less time is better, and more
 * parameters are: they stand for what the module can learn. */
export function front(all: Mark[]): Mark[] {
  const sorted = [...all].sort((one, other) => one.seconds - other.seconds || other.params - one.params);
  let most = -Infinity;
  return sorted.filter(({ params }) => {
    const better = params > most;
    most = Math.max(most, params);
    return better;
  });
}

/** From numbers to the drawing's own units, with a margin so that no mark is cut off. */
export interface Axis {
  at: (value: number) => number;
  ticks: number[];
}

/** An axis over values, from `start` to `end`; the values need not differ. */
export function axis(values: number[], start: number, end: number): Axis {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const margin = (most - least || Math.abs(most) || 1) * 0.08;
  const [from, to] = [least - margin, most + margin];
  const at = (value: number): number => start + ((value - from) / (to - from)) * (end - start);
  return { at, ticks: round(from, to) };
}

/** Round numbers within a range, about four of them: steps of 1, 2 or 5 times a power of ten. */
function round(from: number, to: number): number[] {
  const rough = (to - from) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((size) => size * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(from / step);
  const last = Math.floor(to / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

export type ToSuggestions =
  | { type: "trials"; trials: Trial[] }
  | { type: "ended"; text: string; trials: Trial[] }
  | { type: "outcome"; outcome: Outcome };

/** What a row's buttons ask for. */
export type Act = "diff" | "apply";

export type FromSuggestions = { type: "ready" } | { type: "act"; act: Act; trial: number };
