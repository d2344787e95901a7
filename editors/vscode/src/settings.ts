/**
 * The one place that reads VS Code's configuration, and what our package.json says of it.
 *
 * Invariants: the server is told only what the user set, so that its own defaults and its
 * environment count otherwise; a machine-scoped setting is taken from the user's settings
 * alone, whatever the workspace says.
 */

import * as vscode from "vscode";

const SECTION = "glm";
const OWN_SECTION = "glm-lsp"; // Of this extension: the server does not know them.

type Tree = Record<string, unknown>;

type Properties = Record<string, { scope: string; examples?: string[] }>;

interface Contributes {
  commands: { command: string; title: string; icon: string; enablement?: string }[];
  configuration: { properties: Properties }[];
}

/** The settings and commands that this extension's package.json declares. */
export class Settings {
  readonly commands: Contributes["commands"];
  private readonly properties: Properties = {};

  constructor(extension: vscode.Extension<unknown>) {
    const { contributes } = extension.packageJSON as { contributes: Contributes };
    this.commands = contributes.commands;
    for (const group of contributes.configuration) {
      Object.assign(this.properties, group.properties);
    }
  }

  /** Return the tree of the server's settings, as far as they were set; by the user, if `users`. */
  tree(users = false): unknown {
    const set: Tree = {};
    for (const name of Object.keys(this.properties)) {
      const value = name.startsWith(SECTION + ".") ? this.explicit(name, users) : undefined;
      if (value !== undefined) {
        put(set, name.split("."), value);
      }
    }
    return set[SECTION] ?? {};
  }

  /** Return one of this extension's own settings. */
  own<T>(name: string, fallback: T): T {
    return (this.explicit(`${OWN_SECTION}.${name}`) as T | undefined) ?? fallback;
  }

  /** Return the provider in the user's settings. */
  provider(): string {
    return (this.explicit(`${SECTION}.provider`) as string | undefined) ?? "runapi";
  }

  /** Return the models that the server's catalogue names. */
  models(): string[] {
    return this.properties[`${SECTION}.models.actions`]?.examples ?? [];
  }

  /** Return what was set; for a machine-scoped setting, by the user alone. */
  private explicit(name: string, users = false): unknown {
    const configuration = vscode.workspace.getConfiguration();
    const found = configuration.inspect(name);
    if (users || this.properties[name]?.scope === "machine") {
      return found?.globalValue;
    }
    const set = [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue];
    return set.every((value) => value === undefined) ? undefined : configuration.get(name);
  }
}

/** Change one of the server's settings for this user. */
export async function update(key: string, value: unknown): Promise<void> {
  const target = vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration(SECTION).update(key, value, target);
}

/** Return the value of one of the server's settings, defaults included. */
export function effective<T>(key: string, fallback: T): T {
  return vscode.workspace.getConfiguration(SECTION).get(key, fallback);
}

function put(tree: Tree, [part = "", ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    tree[part] = value;
  } else {
    put((tree[part] ??= {}) as Tree, rest, value);
  }
}
