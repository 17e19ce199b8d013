import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";
import type { Surroundings } from "./find";
import { log } from "./logger";

export function surroundings(): Surroundings {
  const section = vscode.workspace.getConfiguration("hwlint");
  return {
    configuredPath: section.get<string>("path", ""),
    configuredInterpreter: section.get<string>("interpreter", ""),
    pythonExtension: chosenInterpreter,
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    trusted: vscode.workspace.isTrusted,
    windows: process.platform === "win32",
    exists: existsSync,
    has: canImport,
  };
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

/** Ask an interpreter without importing anything of the workspace: -I leaves the current folder out. */
function canImport(interpreter: string): Promise<boolean> {
  const code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('hwlint') is None)";
  return new Promise((resolve) => {
    execFile(interpreter, ["-I", "-c", code], { timeout: 10_000 }, (error) => {
      log().debug(`${interpreter}: ${error ? "has no hwlint" : "has hwlint"}`);
      resolve(error === null);
    });
  });
}
