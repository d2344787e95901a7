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

export const NAME = "glm-lsp";
const WINDOWS = process.platform === "win32";
const PYTHONS = ["python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3", "python"];

interface Manifest {
  version?: string;
}

/** Return the server's path: the setting's, or where Python, uv, pipx, PATH and `storage` have it. */
export async function findServer(setting: string, storage: string): Promise<string | undefined> {
  if (setting) {
    const path = setting.replace(/^~(?=[\\/])/, homedir());
    return (await runs(path)) ? path : undefined;
  }
  return find(NAME, [await pythonFolder(), ...folders(), programsIn(storage)]);
}

/**
 * Return the commands that install the server of this extension's version on this machine, in their
 * order; none where nothing can. Without uv and pipx they make an environment in `storage`.
 */
export async function installSteps(storage: string): Promise<string[][]> {
  const { version } = (vscode.extensions.getExtension("glm-lsp.glm-lsp")?.packageJSON ?? {}) as Manifest;
  const wanted = version ? `${NAME}==${version}` : NAME;
  const [uv, pipx] = [await find("uv", folders()), await find("pipx", folders())];
  if (uv ?? pipx) {
    return [uv ? [uv, "tool", "install", wanted] : [pipx ?? "", "install", wanted]];
  }
  for (const name of PYTHONS) {
    const python = await find(name, folders());
    if (python) {
      const own = join(programsIn(storage), WINDOWS ? "python.exe" : "python");
      return [[python, "-m", "venv", "--clear", storage], [own, "-m", "pip", "install", wanted]];
    }
  }
  return [];
}

const programsIn = (environment: string) => join(environment, WINDOWS ? "Scripts" : "bin");

/** Return where programs are: uv's and pipx's folder, which VS Code may not know, and PATH. */
function folders(): string[] {
  const path = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return [join(homedir(), ".local", "bin"), ...path];
}

async function find(name: string, places: string[]): Promise<string | undefined> {
  const program = WINDOWS ? `${name}.exe` : name;
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
