/** Numbers as people read them; no VS Code and no browser in here. */

const SCALES: [number, string][] = [
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
  [1e-9, "ns"],
];

/** 0.00024 -> "240 µs". */
export function time(seconds: number): string {
  if (seconds === 0) {
    return "0";
  }
  const [size, unit] = SCALES.find(([least]) => seconds >= least) ?? [1e-9, "ns"];
  return `${three(seconds / size)} ${unit}`;
}

/** 135475200 -> "135M". */
export function count(value: number | null): string {
  if (value === null) {
    return "?";
  }
  for (const [size, letter] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "K"]] as const) {
    if (value >= size) {
      return `${three(value / size)}${letter}`;
    }
  }
  return String(value);
}

/** 2097152 -> "2.00 MiB". */
export function bytes(value: number | null): string {
  if (value === null) {
    return "?";
  }
  for (const [size, unit] of [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]] as const) {
    if (value >= size) {
      return `${three(value / size)} ${unit}`;
    }
  }
  return `${Math.round(value)} B`;
}

/** 0.0261 -> "2.6 %"; what is less than a tenth of a percent is said to be so. */
export function share(part: number): string {
  const percent = 100 * part;
  if (percent > 0 && percent < 0.1) {
    return "<0.1 %";
  }
  return `${percent >= 10 ? Math.round(percent) : Number(percent.toFixed(1))} %`;
}

function three(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
