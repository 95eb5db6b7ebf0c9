import path from "node:path";
import { lineAt } from "./mask.ts";
import { ROOT, type Finding, type Source } from "./tree.ts";

/** A page of the documentation: its path from the root, and its text. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** The anchor that a heading gets: lower case, punctuation gone, blanks to hyphens. */
export function anchorOf(heading: string): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
  return plain
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...withoutCode(text).matchAll(/^#{1,6}\s+(.+)$/gm)].map((m) => {
      const anchor = anchorOf(m[1] ?? "");
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

/** Fenced blocks blanked, with lines kept. */
function withoutCode(text: string): string {
  return text.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, " "));
}

/** Relative links that lead nowhere: to no file, or to no heading in it. */
export function linkFindings(pages: readonly Page[], exists: (file: string) => boolean): Finding[] {
  const byPath = new Map(pages.map((p) => [p.path, p]));
  return pages.flatMap((page) => {
    const text = withoutCode(page.text);
    return [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]:\s+(\S+)/gm)].flatMap((m) => {
      const link = m[1] ?? m[2] ?? "";
      if (/^[a-z]+:/.test(link)) return [];
      const [to = "", anchor] = link.split("#");
      const file = to === "" ? page.path : path.posix.join(path.posix.dirname(page.path), to);
      const target = byPath.get(file);
      const dead =
        !exists(file) ||
        (anchor !== undefined && target !== undefined && !anchorsOf(target.text).has(anchor));
      return dead ? [{ path: page.path, line: lineAt(text, m.index), what: `dead link ${link}` }] : [];
    });
  });
}

/** Pages that are named in prose or comments, without a link, and that don't exist. */
export function mentionFindings(texts: readonly Page[], exists: (file: string) => boolean): Finding[] {
  return texts.flatMap((page) =>
    [...page.text.matchAll(/(?<![\w/.:-])((?:[\w-]+\/)*[\w-]+\.md)\b/g)]
      .filter((m) => {
        const name = m[1] ?? "";
        return ![name, `docs/${name}`, path.posix.join(path.posix.dirname(page.path), name)].some(exists);
      })
      .map((m) => ({
        path: page.path,
        line: lineAt(page.text, m.index),
        what: `${m[1] ?? ""} doesn't exist`,
      })),
  );
}

interface Forbidden {
  readonly name: string;
  readonly pattern: RegExp;
  /** `words`: documents and comments; `everything`: the whole text of every file. */
  readonly where: "words" | "everything";
}

/** What belongs to somebody's machine, tracker or tools, and not to the project. */
export const FORBIDDEN: readonly Forbidden[] = [
  {
    name: "path of this checkout",
    pattern: new RegExp(escape(ROOT) + "(?![\\w-])", "g"),
    where: "everything",
  },
  {
    name: "path beside this checkout",
    pattern: new RegExp(escape(path.dirname(ROOT)) + "/", "g"),
    where: "words",
  },
  { name: "path of a machine", pattern: /(?<![\w.~])\/(?:tmp|root|home|Users)\/\w/g, where: "words" },
  { name: "folder that isn't here", pattern: /(?<![\w-])shared\//g, where: "words" },
  { name: "issue number", pattern: /(?<![\w&#/])#\d+\b/g, where: "words" },
  { name: "section of an outer document", pattern: /§\s?\d/g, where: "words" },
  {
    name: "registry host",
    pattern: /\bregistry\.(?:[a-z0-9-]+\.)+(?!ts\b|js\b|json\b|md\b)[a-z]{2,}|\bnpmjs\.\w+/g,
    where: "everything",
  },
  {
    name: "maker's mark",
    pattern: /co-authored-by|generated (?:by|with) (?:an? )?(?:ai|llm|claude|codex|gemini|copilot)/gi,
    where: "everything",
  },
];

export function forbiddenFindings(pages: readonly Page[], code: readonly Source[]): Finding[] {
  const words = [...pages, ...code.map((s) => ({ path: s.path, text: s.comments }))];
  const everything = [...pages, ...code];
  return FORBIDDEN.flatMap(({ name, pattern, where }) =>
    (where === "words" ? words : everything).flatMap((page) =>
      [...page.text.matchAll(pattern)].map((m) => ({
        path: page.path,
        line: lineAt(page.text, m.index),
        what: `${name}: ${m[0]}`,
      })),
    ),
  );
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
