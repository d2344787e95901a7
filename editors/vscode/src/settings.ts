/**
 * The one place that reads VS Code's configuration.
 *
 * Invariants: the server is told only what the user set, so that its own defaults and its
 * environment count otherwise; a machine-scoped setting is taken from the user's settings
 * alone, whatever the workspace says.
 */

import * as vscode from "vscode";

/** The server's settings. */
export const SECTION = "glm";

/** The settings of this extension, which the server does not know. */
export const CLIENT_SECTION = "glm-lsp";

interface Property {
  scope?: string;
  examples?: string[];
}

/** A setting's value in VS Code, as far as anyone set it. */
interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/** The settings that this extension's package.json declares (generated from the server's). */
export class Settings {
  private readonly properties: Record<string, Property>;

  constructor(extension: vscode.Extension<unknown>) {
    const manifest = extension.packageJSON as {
      contributes: { configuration: { properties: Record<string, Property> }[] };
    };
    this.properties = Object.assign(
      {},
      ...manifest.contributes.configuration.map((group) => group.properties),
    ) as Record<string, Property>;
  }

  /** Return the tree that was set under a section such as `glm` or `glm.completion`. */
  tree(section: string): unknown {
    const set: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(this.properties)) {
      const value = name.startsWith(SECTION + ".") ? explicit(name, property) : undefined;
      if (value !== undefined) {
        put(set, name, value);
      }
    }
    return section.split(".").reduce<unknown>((node, part) => child(node, part), set) ?? {};
  }

  /** Return one of this extension's own settings; a workspace cannot set it. */
  own<T>(name: string, fallback: T): T {
    const full = `${CLIENT_SECTION}.${name}`;
    const value = explicit(full, this.properties[full] ?? { scope: "machine" });
    return value === undefined ? fallback : (value as T);
  }

  /** Return the provider in the user's settings. */
  provider(): string {
    const value = child(this.tree(SECTION), "provider");
    return typeof value === "string" ? value : "runapi";
  }

  /** Return the models that the server's catalogue names. */
  models(): string[] {
    return this.properties[`${SECTION}.models.actions`]?.examples ?? [];
  }
}

/** Change one of the server's settings for this user. */
export async function update(key: string, value: unknown): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  await configuration.update(key, value, vscode.ConfigurationTarget.Global);
}

/** Return the value of one of the server's settings, defaults included. */
export function effective<T>(key: string, fallback: T): T {
  return vscode.workspace.getConfiguration(SECTION).get(key, fallback);
}

function explicit(name: string, property: Property): unknown {
  const configuration = vscode.workspace.getConfiguration();
  const found: Inspected | undefined = configuration.inspect(name);
  if (property.scope === "machine") {
    return found?.globalValue;
  }
  const set = [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue];
  return set.every((value) => value === undefined) ? undefined : configuration.get(name);
}

function child(node: unknown, part: string): unknown {
  return typeof node === "object" && node !== null
    ? (node as Record<string, unknown>)[part]
    : undefined;
}

function put(tree: Record<string, unknown>, name: string, value: unknown): void {
  const parts = name.split(".");
  const leaf = parts.pop() ?? name;
  let node = tree;
  for (const part of parts) {
    node = (node[part] ??= {}) as Record<string, unknown>;
  }
  node[leaf] = value;
}
