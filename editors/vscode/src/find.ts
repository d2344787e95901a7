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

interface Manifest {
  version?: string;
}

/** Return the server's path: the setting's, or where Python, uv, pipx and PATH have it. */
export async function findServer(setting: string): Promise<string | undefined> {
  if (setting) {
    const path = setting.replace(/^~(?=[\\/])/, homedir());
    return (await runs(path)) ? path : undefined;
  }
  return find(NAME, [await pythonFolder(), ...folders()]);
}

/** Return the one command that installs the server of this extension's version on this machine. */
export async function installCommand(): Promise<string[]> {
  const { version } = (vscode.extensions.getExtension("glm-lsp.glm-lsp")?.packageJSON ?? {}) as Manifest;
  const [uv, pipx] = [await find("uv", folders()), await find("pipx", folders())];
  const python = process.platform === "win32" ? "py" : "python3";
  const words = pipx ? [pipx, "install"] : [python, "-m", "pip", "install", "--user"];
  return [...(uv ? [uv, "tool", "install"] : words), version ? `${NAME}==${version}` : NAME];
}

/** Return where programs are: uv's and pipx's folder, which VS Code may not know, and PATH. */
function folders(): string[] {
  const path = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return [join(homedir(), ".local", "bin"), ...path];
}

async function find(name: string, places: string[]): Promise<string | undefined> {
  const program = process.platform === "win32" ? `${name}.exe` : name;
  for (const place of places) {
    if (await runs(join(place, program))) {
      return join(place, program);
    }
  }
  return undefined;
}

async function runs(path: string): Promise<boolean> {
  const found = access(path, constants.X_OK).then(() => true);
  return (await found.catch(() => false)) && isAbsolute(path);
}

interface PythonApi {
  environments?: { getActiveEnvironmentPath(): { path: string } };
}

/** Return the folder of the interpreter that the Python extension has chosen, "" for none. */
async function pythonFolder(): Promise<string> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!vscode.workspace.isTrusted || !extension) {
    return "";
  }
  try {
    const api = await extension.activate();
    return dirname(api.environments?.getActiveEnvironmentPath().path ?? "");
  } catch {
    return ""; // A broken Python extension is no reason to have no server.
  }
}
