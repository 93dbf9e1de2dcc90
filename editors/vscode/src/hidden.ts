// What is hidden: lets the user have a finding shown again.

import * as vscode from "vscode";
import type { Execute } from "./proposals";

/** The shortest name of a finding; what is shorter and has only digits is the number of a decision. */
const NAME_LENGTH = 16;

/** Asks which finding of the list is meant, and has it shown again. */
export async function unhide(execute: Execute): Promise<void> {
  const said = await vscode.window.showInputBox({
    title: "Crosscheck",
    prompt: "The name of the finding, or the number of the decision that hid it; “List Hidden Findings” has both.",
    ignoreFocusOut: true,
  });
  const which = said?.trim();
  if (!which) {
    return;
  }
  if (/^\d+$/.test(which) && which.length < NAME_LENGTH) {
    await execute("crosscheck.undismiss", { verdict: Number(which) });
  } else {
    await execute("crosscheck.accept", { id: which });
  }
}
