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

interface Property {
  scope: string;
  examples?: string[];
  enum?: string[];
  markdownEnumDescriptions?: string[];
}

type Properties = Record<string, Property>;

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

  /** Return the provider that the server will ask. */
  provider(): string {
    return this.users("provider", "GLM_LSP_PROVIDER") ?? "runapi";
  }

  /** Return the address in place of the provider's own, if there is one, without its path. */
  origin(): URL | undefined {
    try {
      return new URL(new URL(this.users("baseUrl", "GLM_LSP_BASE_URL") ?? "").origin);
    } catch {
      return undefined; // The server says what is wrong with it.
    }
  }

  /** Return what the user set, in the settings or else in the environment. */
  private users(name: string, variable: string): string | undefined {
    return (this.explicit(`${SECTION}.${name}`) as string | null | undefined) ?? process.env[variable];
  }

  /** Return whether the user has said whom to ask. */
  hasProvider(): boolean {
    return this.users("provider", "GLM_LSP_PROVIDER") !== undefined;
  }

  /** Return the providers, each with a sentence about it. */
  providers(): { name: string; about: string }[] {
    const { enum: names = [], markdownEnumDescriptions: about = [] } = this.properties[`${SECTION}.provider`] ?? {};
    return names.map((name, index) => ({ name, about: about[index] ?? "" }));
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

/** A value of a setting, and whose it is. */
interface Level<T> {
  readonly value: T | undefined;
  readonly workspaces: boolean;
}

/** Return what one of the server's settings is set to: by the user, then by the workspace, which wins. */
export function levels<T>(key: string): [Level<T>, Level<T>] {
  const found = vscode.workspace.getConfiguration(SECTION).inspect<T>(key);
  return [
    { value: found?.globalValue, workspaces: false },
    { value: found?.workspaceValue, workspaces: true },
  ];
}

/** Change one of the server's settings: the workspace's, or the user's; return words that say whose. */
export async function update(key: string, value: unknown, { workspaces }: Level<unknown>): Promise<string> {
  const { Global, Workspace } = vscode.ConfigurationTarget;
  await vscode.workspace.getConfiguration(SECTION).update(key, value, workspaces ? Workspace : Global);
  return workspaces ? ", in this workspace's settings" : "";
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
