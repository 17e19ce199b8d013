import * as path from "node:path";

/** How the server is started. */
export interface Command {
  command: string;
  args: string[];
  /** In words, for the log and for errors. */
  origin: string;
}

/** What the search looks at; everything that touches the machine is behind a function. */
export interface Surroundings {
  configuredPath: string;
  configuredInterpreter: string;
  pythonExtension: () => Promise<string | undefined>;
  folders: string[];
  trusted: boolean;
  windows: boolean;
  exists: (file: string) => boolean;
  /** Whether this interpreter can import hwlint. */
  has: (interpreter: string) => Promise<boolean>;
}

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

/** The server to start, or the places where there was none. */
export async function find(around: Surroundings): Promise<Command | string[]> {
  if (around.configuredPath) {
    return { command: around.configuredPath, args: ["server"], origin: "hwlint.path" };
  }
  const tried: string[] = [];
  for (const [interpreter, origin] of await interpreters(around)) {
    if (await around.has(interpreter)) {
      return { command: interpreter, args: ["-m", "hwlint", "server"], origin };
    }
    tried.push(`${interpreter} (${origin})`);
  }
  return tried;
}
