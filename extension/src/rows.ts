/** Which rows of a report belong to which line; no VS Code and no browser in here. */
import type { Report, Row } from "./protocol";

/** The rows that stand on a line, those of the same layer built many times included. */
export function rowsAt(report: Report, uri: string, line: number): number[] {
  return report.rows.flatMap((row, index) => (row.uri === uri && row.line === line ? [index] : []));
}

export interface LineShare {
  line: number;
  /** Of the model's time on the first device that there is an estimate for, 0 to 1. */
  share: number;
  /** How many layers stand on it. */
  layers: number;
  device: string;
}

/** What the lines of a document take of the model's time, all layers of a line together. */
export function sharesOf(report: Report, uri: string): LineShare[] {
  const device = report.devices.find((total) => total.seconds !== null)?.device;
  const found = new Map<number, LineShare>();
  for (const row of report.rows) {
    const share = shareOn(row, device);
    if (device === undefined || row.uri !== uri || row.line === null || !share) {
      continue;
    }
    const before = found.get(row.line) ?? { line: row.line, share: 0, layers: 0, device };
    found.set(row.line, { ...before, share: before.share + share, layers: before.layers + 1 });
  }
  return [...found.values()];
}

function shareOn(row: Row, device: string | undefined): number {
  return row.costs.find((cost) => cost.device === device)?.share ?? 0;
}

/** A step from 0 to 4 of how warm a share is. */
export function heat(share: number): number {
  const steps = [0.01, 0.05, 0.15, 0.3];
  return steps.filter((least) => share >= least).length;
}
