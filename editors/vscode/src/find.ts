/**
 * Finds the server's program, and the command that installs it where there is none.
 *
 * Invariant: only absolute paths are returned, and nothing inside an untrusted workspace
 * is considered, so opening a folder never runs a program that came with it.
 */

import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import * as vscode from "vscode";

const NAME = "glm-lsp";

/** How the server is started, and where the program was found. */
export interface Program {
  command: string;
  args: string[];
  origin: string;
}

/** Return the server: from the setting, the active Python environment, tools, PATH. */
export async function findServer(path: string, args: string[]): Promise<Program | undefined> {
  if (path) {
    const command = path.replace(/^~(?=[\\/])/, homedir());
    return (await runs(command)) ? { command, args, origin: "the setting" } : undefined;
  }
  const places: [string, string | undefined][] = [
    ["the active Python environment", await pythonFolder()],
    ["uv or pipx", join(homedir(), ".local", "bin")],
    ...searchPath().map((folder): [string, string] => ["PATH", folder]),
  ];
  for (const [origin, folder] of places) {
    const command = folder && (await programIn(folder, NAME));
    if (command) {
      return { command, args, origin };
    }
  }
  return undefined;
}

/** Return the one command that installs the server on this machine. */
export async function installCommand(): Promise<string[]> {
  for (const [tool, ...rest] of [
    ["uv", "tool", "install", NAME],
    ["pipx", "install", NAME],
  ]) {
    for (const folder of [join(homedir(), ".local", "bin"), ...searchPath()]) {
      const program = tool && (await programIn(folder, tool));
      if (program) {
        return [program, ...rest];
      }
    }
  }
  const python = process.platform === "win32" ? "py" : "python3";
  return [python, "-m", "pip", "install", "--user", NAME];
}

function searchPath(): string[] {
  return (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
}

async function programIn(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, process.platform === "win32" ? `${name}.exe` : name);
  return (await runs(path)) ? path : undefined;
}

async function runs(path: string): Promise<boolean> {
  return (
    isAbsolute(path) &&
    access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
  );
}

interface PythonApi {
  environments?: { getActiveEnvironmentPath(): { path: string } };
}

/** Return the folder of the interpreter that the Python extension has chosen. */
async function pythonFolder(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!vscode.workspace.isTrusted || !extension) {
    return undefined;
  }
  try {
    const api = await extension.activate();
    const path = api.environments?.getActiveEnvironmentPath().path ?? "";
    return isAbsolute(path) ? dirname(path) : undefined;
  } catch {
    return undefined; // A broken Python extension is no reason to have no server.
  }
}
