/** What the server answers to `hwlint.report`, and what the panel and the extension tell each other. */

export interface Cost {
  device: string;
  dtype: string;
  seconds: number;
  /** "compute", "memory", "dispatch"; "" where nothing runs. */
  bound: string;
  /** Of the model's time on this device, 0 to 1. */
  share: number | null;
  breaks: string[];
}

/** What a layer takes by measuring: its share of all operators, and that share of the whole. */
export interface Measured {
  target: string;
  runner: string;
  dtype: string;
  seconds: number;
  share: number;
}

/** A measurement of the model. */
export interface Measurement {
  target: string;
  runner: string;
  dtype: string;
  profile: string;
  seconds: number;
  iqr: number | null;
  taken: string;
  /** The text has not changed since. */
  current: boolean;
}

export interface Row {
  name: string;
  kind: string;
  /** From 0. */
  line: number | null;
  uri: string | null;
  output: string;
  params: number | null;
  macs: number | null;
  bytes: number | null;
  /** On the first device that there is an estimate for. */
  share: number | null;
  costs: Cost[];
  /** Not by older servers. */
  measured?: Measured[];
}

export interface DeviceTotal {
  device: string;
  dtype: string;
  /** Null where there is no estimate; `silentFor` says why. */
  seconds: number | null;
  bound: string;
  /** Limits of the device that the model breaks, in words. */
  breaks: string[];
  weightBytes: number | null;
  peakBytes: number | null;
  silentFor: string | null;
}

export interface Chart {
  id: string;
  title: string;
  /** Vega-Lite. */
  spec: Record<string, unknown>;
}

export interface Report {
  model: string;
  about: string;
  uri: string | null;
  line: number;
  rows: Row[];
  charts: Chart[];
  devices: DeviceTotal[];
  /** Not by older servers. */
  measured?: Measurement[];
  note: string;
}

export interface Place {
  uri: string;
  line: number;
}

export type ToPanel =
  | { type: "report"; report: Report }
  | { type: "nothing"; why: string }
  | { type: "busy" }
  | { type: "cursor"; place: Place };

export type FromPanel = { type: "ready" } | { type: "reveal"; place: Place };
