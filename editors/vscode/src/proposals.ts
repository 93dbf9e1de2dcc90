// What agents propose: lets the user ask for changes, and decide about them.

import * as vscode from "vscode";

/** Runs a command of the server. */
export type Execute = (command: string, argument: object) => Promise<unknown>;

interface Part {
  number: number;
  state: "open" | "applied" | "conflict";
  does: string;
  range: { start: { line: number } } | null;
}

interface Proposal {
  id: string;
  agent: string;
  title: string;
  files: string[];
  parts: Part[];
}

interface Choice extends vscode.QuickPickItem {
  run: () => Promise<unknown>;
}

/** Asks the user what is to be done with the selection, or else the file, and has an agent do it. */
export async function ask(execute: Execute, range: object | undefined, uri: string | undefined): Promise<void> {
  const prompt = await vscode.window.showInputBox({
    title: "Crosscheck",
    prompt: range ? "What is to be done with the selection?" : "What is to be done?",
    ignoreFocusOut: true,
  });
  if (prompt?.trim()) {
    await execute("crosscheck.ask", { prompt, uri, range });
  }
}

/** Lets the user choose among the open proposals, and what to do with the chosen one. */
export async function choose(execute: Execute): Promise<void> {
  const listed = (await execute("crosscheck.proposals", {})) as { proposals: Proposal[] } | undefined;
  if (!listed) {
    return;
  }
  if (listed.proposals.length === 0) {
    void vscode.window.showInformationMessage("Crosscheck: no proposal is open.");
    return;
  }
  const items = listed.proposals.map((proposal) => ({ label: label(proposal), description: about(proposal), proposal }));
  const picked = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: "Proposals" });
  if (picked) {
    const choice = await vscode.window.showQuickPick(choices(execute, picked.proposal), { title: label(picked.proposal) });
    await choice?.run();
  }
}

function choices(execute: Execute, { id, parts }: Proposal): Choice[] {
  const apply = (numbers?: number[]) => () => execute("crosscheck.apply", { id, parts: numbers });
  const single = parts.length > 1 ? parts.filter((part) => part.state === "open") : [];
  return [
    { label: "$(diff) Preview", run: () => execute("crosscheck.preview", { id }) },
    { label: "$(check) Apply", run: apply() },
    { label: "$(trash) Discard", run: () => execute("crosscheck.discard", { id }) },
    ...single.map((part) => ({
      label: `$(check) Apply only change ${part.number}`,
      description: part.range ? `${part.does}:${part.range.start.line + 1}` : part.does,
      run: apply([part.number]),
    })),
  ];
}

function label(proposal: Proposal): string {
  return `${proposal.agent}: ${proposal.title}`;
}

function about({ files, parts }: Proposal): string {
  const number = (state: Part["state"]) => parts.filter((part) => part.state === state).length;
  const words = [`${count(number("open"), "change")} in ${count(files.length, "file")}`];
  if (number("applied") > 0) {
    words.push(`${number("applied")} applied`);
  }
  if (number("conflict") > 0) {
    words.push(`${number("conflict")} in conflict`);
  }
  return words.join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
