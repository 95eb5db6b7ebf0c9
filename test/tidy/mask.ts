// A small scanner that knows just enough of TypeScript to tell code from comments, strings and regular expressions.
// The compiler offers no API for this, and the rules of this folder need no syntax tree.

export interface Masked {
  /** The source with comments blanked; same length, so that offsets are the same. */
  readonly uncommented: string;
  /** As `uncommented`, with the insides of strings, templates and regular expressions blanked too. */
  readonly code: string;
  /** Only the comments; the rest blanked. */
  readonly comments: string;
}

/** Words after which a slash begins a regular expression, not a division. */
const BEFORE_REGEX =
  /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|delete|throw|await|yield))$/;

export function mask(text: string): Masked {
  const uncommented = text.split("");
  const code = [...uncommented];
  const comments: string[] = uncommented.map((c) => (c === "\n" ? c : " "));
  /** Brace depths at which a template's `${` was opened. */
  const templates: number[] = [];
  let depth = 0;
  let i = 0;

  const blank = (target: string[], from: number, to: number): void => {
    for (let k = from; k < to; k++) if (target[k] !== "\n") target[k] = " ";
  };
  const comment = (to: number): void => {
    for (let k = i; k < to; k++) comments[k] = text[k] ?? " ";
    blank(uncommented, i, to);
    blank(code, i, to);
    i = to;
  };
  const template = (from: number): void => {
    let end = from;
    while (end < text.length && text[end] !== "`" && !text.startsWith("${", end))
      end += text[end] === "\\" ? 2 : 1;
    blank(code, from, end);
    if (text[end] === "`") {
      i = end + 1;
    } else {
      templates.push(depth++);
      i = end + 2;
    }
  };

  while (i < text.length) {
    const c = text[i] ?? "";
    if (text.startsWith("//", i)) comment(endOf(text, "\n", i));
    else if (text.startsWith("/*", i)) comment(Math.min(text.length, endOf(text, "*/", i + 2) + 2));
    else if (c === '"' || c === "'") {
      const end = closing(text, i + 1, c);
      blank(code, i + 1, end);
      i = end + 1;
    } else if (c === "`") template(i + 1);
    else if (
      c === "/" &&
      BEFORE_REGEX.test(
        code
          .slice(Math.max(0, i - 40), i)
          .join("")
          .trimEnd(),
      )
    ) {
      const end = regexEnd(text, i + 1);
      blank(code, i + 1, end);
      i = end + 1;
    } else if (c === "{") {
      depth++;
      i++;
    } else if (c === "}" && templates.at(-1) === depth - 1) {
      depth = templates.pop() ?? 0;
      template(i + 1);
    } else {
      if (c === "}") depth--;
      i++;
    }
  }
  return { uncommented: uncommented.join(""), code: code.join(""), comments: comments.join("") };
}

/** The line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? text.length : at;
}

function closing(text: string, from: number, quote: string): number {
  let end = from;
  while (end < text.length && text[end] !== quote && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
  return end;
}

function regexEnd(text: string, from: number): number {
  let inClass = false;
  let end = from;
  for (; end < text.length && text[end] !== "\n"; end++) {
    const c = text[end];
    if (c === "\\") end++;
    else if (c === "[") inClass = true;
    else if (c === "]") inClass = false;
    else if (c === "/" && !inClass) break;
  }
  return end;
}
