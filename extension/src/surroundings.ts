import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";
import type { Bundle, Interpreter, Surroundings } from "./find";
import { log } from "./logger";

/** `home` is the folder of the extension. */
export function surroundings(home: string): Surroundings {
  const section = vscode.workspace.getConfiguration("hwlint");
  return {
    configuredPath: section.get<string>("path", ""),
    configuredInterpreter: section.get<string>("interpreter", ""),
    bundledOnly: section.get<string>("importStrategy", "fromEnvironment") === "useBundled",
    bundle: bundleIn(home),
    platform: `${process.platform}-${process.arch}`,
    pythonExtension: chosenInterpreter,
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    trusted: vscode.workspace.isTrusted,
    windows: process.platform === "win32",
    exists: existsSync,
    probe: (interpreter) => probe(interpreter, home),
  };
}

function bundleIn(home: string): Bundle | undefined {
  const folder = path.join(home, "bundled");
  try {
    const text = readFileSync(path.join(folder, "pair.json"), "utf-8");
    const pair = JSON.parse(text) as { python: string; platform: string };
    return { libs: path.join(folder, "libs"), ...pair };
  } catch {
    return undefined; // a build without it
  }
}

async function chosenInterpreter(): Promise<string | undefined> {
  try {
    const api = await PythonExtension.api();
    const chosen = api.environments.getActiveEnvironmentPath();
    const environment = await api.environments.resolveEnvironment(chosen);
    return environment?.executable.uri?.fsPath;
  } catch {
    return undefined; // the Python extension is not there
  }
}

const QUESTION = `
import importlib.util, sys
print("%d.%d" % sys.version_info[:2], importlib.util.find_spec("hwlint") is not None)
`;

/** Ask an interpreter about itself; -I leaves out everything that a workspace could slip in. */
function probe(interpreter: string, home: string): Promise<Interpreter | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: 10_000, cwd: home };
    execFile(interpreter, ["-I", "-c", QUESTION], options, (error, stdout) => {
      const [version, has] = stdout.trim().split(" ");
      log().debug(`${interpreter}: ${error ? error.message : stdout.trim()}`);
      resolve(error || !version ? undefined : { version, hasHwlint: has === "True" });
    });
  });
}
