// The VS Code extension: starts the server, hands over the settings, and offers its commands in the palette.

import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions, type StaticFeature } from "vscode-languageclient/node";
import { unhide } from "./hidden";
import { ask, choose } from "./proposals";

let client: LanguageClient | undefined;
let statusBar: vscode.StatusBarItem | undefined;

/** Tells the server that its status is wanted. */
const wantsStatus: StaticFeature = {
  fillClientCapabilities(capabilities) {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), crosscheckStatus: true };
  },
  initialize() {},
  getState: () => ({ kind: "static" }),
  clear() {},
};

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const register = (name: string, run: () => unknown) =>
    context.subscriptions.push(vscode.commands.registerCommand(`crosscheck.client.${name}`, run));
  register("reviewFile", () => review("file"));
  register("reviewSelection", () => review("selection"));
  register("reviewChanges", () => review("changes"));
  register("reviewStaged", () => review("staged"));
  register("fix", fix);
  register("ask", () => ask(execute, selection(), activeUri()));
  register("proposals", () => choose(execute));
  register("revert", () => execute("crosscheck.revert", {}));
  register("hidden", () => execute("crosscheck.hidden", {}));
  register("unhide", () => unhide(execute));
  register("cancel", () => execute("crosscheck.cancel", {}));
  register("trust", () => execute("crosscheck.trust", {}));
  register("restartAgents", () => execute("crosscheck.restart", {}));
  register("status", showStatus);
  register("restartServer", restart);
  statusBar = vscode.window.createStatusBarItem("crosscheck.status", vscode.StatusBarAlignment.Left);
  statusBar.name = "Crosscheck";
  statusBar.command = "crosscheck.client.status";
  context.subscriptions.push(statusBar);
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
  client.registerFeature(wantsStatus);
  client.onNotification("crosscheck/status", (status: { text: string }) => {
    if (statusBar) {
      statusBar.text = status.text;
      statusBar.show();
    }
  });
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
  statusBar?.hide();
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
  const range = scope === "selection" ? selection() : undefined;
  await execute("crosscheck.review", { scope, uri: activeUri(), range });
}

/** Has agents fix what is wrong on the selected lines, whoever says so. */
async function fix(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !client) {
    return;
  }
  const { start, end } = editor.selection;
  const lines = new vscode.Range(start.line, 0, end.line, editor.document.lineAt(end.line).text.length);
  const here = vscode.languages.getDiagnostics(editor.document.uri).filter((it) => it.range.intersection(lines));
  const diagnostics = await client.code2ProtocolConverter.asDiagnostics(here);
  const ours = diagnostics.filter((it) => it.source?.startsWith("crosscheck") && typeof it.data === "string");
  const foreign = diagnostics.filter((it) => !it.source?.startsWith("crosscheck"));
  await execute("crosscheck.fix", {
    uri: activeUri(),
    ids: ours.map((it) => it.data as string),
    diagnostics: foreign,
    range: client.code2ProtocolConverter.asRange(lines),
  });
}

function activeUri(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && client?.code2ProtocolConverter.asUri(editor.document.uri);
}

/** What is selected; nothing when that is only the place of the cursor. */
function selection(): object | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && !editor.selection.isEmpty ? client?.code2ProtocolConverter.asRange(editor.selection) : undefined;
}

async function showStatus(): Promise<void> {
  const status = await execute("crosscheck.status", {});
  if (status !== undefined) {
    const document = await vscode.workspace.openTextDocument({ language: "json", content: JSON.stringify(status, null, 2) });
    await vscode.window.showTextDocument(document, { preview: true });
  }
}
