import * as path from "node:path";

/** How the server is started. */
export interface Command {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** In words, for the log and for errors. */
  origin: string;
}

/** The copy of the server that came with the extension, and the one kind of Python that it is for. */
export interface Bundle {
  libs: string;
  /** "3.11" */
  python: string;
  /** "linux-x64" */
  platform: string;
}

/** What an interpreter says of itself. */
export interface Interpreter {
  /** "3.11" */
  version: string;
  hasHwlint: boolean;
}

/** What the search looks at; everything that touches the machine is behind a function. */
export interface Surroundings {
  configuredPath: string;
  configuredInterpreter: string;
  bundledOnly: boolean;
  bundle: Bundle | undefined;
  /** "linux-x64" */
  platform: string;
  pythonExtension: () => Promise<string | undefined>;
  folders: string[];
  trusted: boolean;
  windows: boolean;
  exists: (file: string) => boolean;
  /** Undefined where there is no such interpreter. */
  probe: (interpreter: string) => Promise<Interpreter | undefined>;
}

/** Why there is no server to start. */
export interface Missing {
  /** The interpreter that should have it. */
  wanted: string;
  tried: string[];
  /** Whether the bundled copy would run. */
  bundleRuns: boolean;
  /** Why it would not, in words. */
  why: string;
}

/** Without the folder that the server is started from: no file of a workspace is ever imported. */
const SAFE = { PYTHONSAFEPATH: "1" };

/** Interpreters that may have hwlint, the likeliest first. An untrusted workspace brings none of its own. */
export async function interpreters(around: Surroundings): Promise<[string, string][]> {
  const found: [string, string][] = [];
  if (around.configuredInterpreter) {
    found.push([around.configuredInterpreter, "hwlint.interpreter"]);
  }
  if (around.trusted) {
    const chosen = await around.pythonExtension();
    if (chosen) {
      found.push([chosen, "the Python extension"]);
    }
    for (const folder of around.folders) {
      const inside = around.windows ? ["Scripts", "python.exe"] : ["bin", "python"];
      const interpreter = path.join(folder, ".venv", ...inside);
      if (around.exists(interpreter)) {
        found.push([interpreter, ".venv of the workspace"]);
      }
    }
  }
  found.push([around.windows ? "python" : "python3", "the PATH"]);
  return found;
}

/** The server to start, or why there is none. An interpreter that was asked for by name is never
 * passed over in silence for the bundled copy. */
export async function find(around: Surroundings): Promise<Command | Missing> {
  if (around.configuredPath) {
    return { command: around.configuredPath, args: ["server"], env: SAFE, origin: "hwlint.path" };
  }
  const candidates = await interpreters(around);
  const asked = await Promise.all(candidates.map(([interpreter]) => around.probe(interpreter)));
  if (!around.bundledOnly) {
    const index = asked.findIndex((answer) => answer?.hasHwlint);
    const [interpreter, origin] = candidates[index] ?? [];
    if (interpreter !== undefined && (index === 0 || !around.configuredInterpreter)) {
      return run(interpreter, origin ?? "", SAFE);
    }
  }
  const bundled = await fromBundle(around, candidates, asked);
  if (bundled !== undefined && (around.bundledOnly || !around.configuredInterpreter)) {
    return bundled;
  }
  return {
    wanted: candidates[0]?.[0] ?? "python3",
    tried: candidates.map(([interpreter, origin]) => `${interpreter} (${origin})`),
    bundleRuns: bundled !== undefined,
    why: bundled === undefined ? whyNot(around) : "",
  };
}

export function isMissing(found: Command | Missing): found is Missing {
  return "wanted" in found;
}

function run(interpreter: string, origin: string, env: Record<string, string>): Command {
  return { command: interpreter, args: ["-P", "-m", "hwlint", "server"], env, origin };
}

async function fromBundle(
  around: Surroundings,
  candidates: [string, string][],
  asked: (Interpreter | undefined)[],
): Promise<Command | undefined> {
  const bundle = around.bundle;
  if (bundle?.platform !== around.platform) {
    return undefined;
  }
  const env = { ...SAFE, PYTHONPATH: bundle.libs };
  const index = asked.findIndex((answer) => answer?.version === bundle.python);
  const [interpreter] = candidates[index] ?? [];
  if (interpreter !== undefined) {
    return run(interpreter, "bundled", env);
  }
  const named = `python${bundle.python}`;
  return (await around.probe(named)) === undefined ? undefined : run(named, "bundled", env);
}

function whyNot(around: Surroundings): string {
  const bundle = around.bundle;
  if (bundle === undefined) {
    return "This build of the extension brings no copy of its own.";
  }
  return `The copy that comes with the extension is for CPython ${bundle.python} on ${bundle.platform}.`;
}
