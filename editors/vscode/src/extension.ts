// The VS Code extension: starts the server, hands over the settings, and offers its commands in the palette.

import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const register = (name: string, run: () => unknown) =>
    context.subscriptions.push(vscode.commands.registerCommand(`crosscheck.client.${name}`, run));
  register("reviewFile", () => review("file"));
  register("reviewSelection", () => review("selection"));
  register("reviewChanges", () => review("changes"));
  register("reviewStaged", () => review("staged"));
  register("cancel", () => execute("crosscheck.cancel", {}));
  register("trust", () => execute("crosscheck.trust", {}));
  register("restartAgents", () => execute("crosscheck.restart", {}));
  register("status", showStatus);
  register("restartServer", restart);
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("crosscheck.server")) {
        void restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("crosscheck");
  const command = settings.get<string>("server.path", "crosscheck");
  const server: ServerOptions = { command, args: settings.get<string[]>("server.arguments", ["lsp"]) };
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }],
    initializationOptions: settings.get<object>("settings", {}),
    middleware: {
      workspace: {
        // The server asks for the section `crosscheck`; what it means is our `crosscheck.settings`.
        configuration: (params) =>
          params.items.map((item) => {
            const scope = item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined;
            return vscode.workspace.getConfiguration("crosscheck", scope).get<object>("settings", {});
          }),
      },
    },
    synchronize: { configurationSection: "crosscheck" },
  };
  client = new LanguageClient("crosscheck", "Crosscheck", server, options);
  try {
    await client.start();
  } catch (error) {
    const choice = await vscode.window.showErrorMessage(
      `Crosscheck: \`${command}\` could not be started (${String(error)}). Install it, or set crosscheck.server.path.`,
      "Open Settings",
    );
    if (choice) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "crosscheck.server.path");
    }
  }
}

async function restart(): Promise<void> {
  await client?.stop().catch(() => undefined);
  await start();
}

async function execute(command: string, argument: object): Promise<unknown> {
  if (!client?.isRunning()) {
    void vscode.window.showWarningMessage("Crosscheck is not running.");
    return undefined;
  }
  return client.sendRequest("workspace/executeCommand", { command, arguments: [argument] });
}

async function review(scope: "file" | "selection" | "changes" | "staged"): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const uri = editor?.document.uri.toString();
  if (scope === "selection" && editor && client) {
    const range = client.code2ProtocolConverter.asRange(editor.selection);
    await execute("crosscheck.review", { scope, uri, range });
  } else {
    await execute("crosscheck.review", { scope, uri });
  }
}

async function showStatus(): Promise<void> {
  const status = await execute("crosscheck.status", {});
  if (status !== undefined) {
    const document = await vscode.workspace.openTextDocument({ language: "json", content: JSON.stringify(status, null, 2) });
    await vscode.window.showTextDocument(document, { preview: true });
  }
}
