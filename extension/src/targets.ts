/** What the picker of devices shows; kept apart from VS Code so that it can be tested alone. */

export interface Device {
  id: string;
  name: string;
  kind: string;
  /** The format that it computes in unless told otherwise. */
  dtype: string;
}

export interface Row {
  label: string;
  description: string;
  heading: boolean;
  picked: boolean;
}

interface Listed {
  id: string;
  name: string;
  kind: string;
  default_dtype?: string | null;
}

/** What `hwlint device list --output-format json` printed. */
export function devicesIn(text: string): Device[] {
  const listed = JSON.parse(text) as Listed[];
  return listed.map(({ id, name, kind, default_dtype }) => ({ id, name, kind, dtype: default_dtype ?? "" }));
}

const KINDS: Record<string, string> = {
  gpu: "GPUs",
  npu: "NPUs and other accelerators",
  cpu: "CPUs",
  mcu: "Microcontrollers",
};

/** Devices under headings by kind, those that are chosen now ticked. */
export function rows(devices: Device[], chosen: string[]): Row[] {
  const shown: Row[] = [];
  for (const [kind, heading] of Object.entries(KINDS)) {
    const members = devices.filter((device) => device.kind === kind);
    if (members.length > 0) {
      shown.push({ label: heading, description: "", heading: true, picked: false });
    }
    for (const device of members) {
      shown.push({
        label: device.id,
        description: [device.name, device.dtype].filter(Boolean).join(" · "),
        heading: false,
        picked: chosen.includes(device.id),
      });
    }
  }
  return shown;
}

/** The text of the status bar. */
export function statusText(targets: string[]): string {
  if (targets.length === 0) {
    return "hwlint";
  }
  const [first, ...others] = targets;
  const more = others.length > 1 ? ` +${others.length}` : others.length === 1 ? `, ${others[0] ?? ""}` : "";
  return `hwlint: ${first ?? ""}${more}`;
}

/** What was read, for the language status. */
export function coverageText(read: number, entries: number): string {
  return entries === 0 ? "no models found" : `${read} of ${entries} entry points read`;
}
