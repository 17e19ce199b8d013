/** What the server says of measuring; kept apart from VS Code so that it can be tested alone. */

export interface Target {
  name: string;
  profile: string;
  /** How it is reached: "ssh pi@host". */
  way: string;
  runner: string;
}

export interface Failure {
  /** "build", "forward", "cancelled", "unreachable", ... */
  kind: string;
  message: string;
  trace: string;
  advice: string;
  output: string;
}

/** What comes back of `hwlint.measure`; null where it was stopped. */
export interface Answer {
  failure: Failure | null;
}

export interface TargetRow {
  label: string;
  description: string;
}

/** Targets as a picker shows them, the one that was chosen last first. */
export function targetRows(targets: Target[], last: string | undefined): TargetRow[] {
  const rows = targets.map(({ name, profile, way, runner }) => ({
    label: name,
    description: [profile, way, runner].filter(Boolean).join(" · "),
  }));
  return [...rows.filter((row) => row.label === last), ...rows.filter((row) => row.label !== last)];
}

/** One line: what went wrong and what to try. */
export function failureText(failure: Failure): string {
  return [failure.message, failure.advice].filter(Boolean).join(". ");
}
