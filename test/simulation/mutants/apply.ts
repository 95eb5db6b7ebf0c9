// A copy of the code in which one protection is broken.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutant } from "./list.ts";

const ROOT = join(import.meta.dirname, "../../..");
const COPIED = ["src", "test/simulation", "test/fakes", "package.json"] as const;

/** A defect that the code no longer has a place for. */
export class NoSuchPlace extends Error {
  constructor({ name, file }: Mutant, found: number) {
    super(`${name}: its text stands ${found} times in ${file}, not once`);
    this.name = "NoSuchPlace";
  }
}

/** The text of a file with the defect in it. @throws NoSuchPlace unless its place is found exactly once */
export function mutated(text: string, mutant: Mutant): string {
  const found = text.split(mutant.find).length - 1;
  if (found !== 1) throw new NoSuchPlace(mutant, found);
  return text.replace(mutant.find, () => mutant.put);
}

/** What the mutant's file is now. */
export function sourceOf({ file }: Mutant): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Makes the copy; null makes one without a defect. */
export function copyWith(mutant: Mutant | null): { readonly dir: string; readonly remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-mutant-"));
  for (const path of COPIED) cpSync(join(ROOT, path), join(dir, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  if (mutant !== null) writeFileSync(join(dir, mutant.file), mutated(sourceOf(mutant), mutant));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
