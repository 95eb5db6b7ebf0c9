/** Takes known secrets out of texts, by value. */
export interface Redactor {
  guard(value: string): void;
  redact(text: string): string;
}

/** Shorter values are not taken out: they would blot out ordinary words. */
const SHORTEST = 6;
/** Shortest fragment of a secret's base64 that is taken out, for the same reason. */
const SHORTEST_FRAGMENT = 8;
const MARK = "[secret]";

/**
 * Knows each secret as it is, as JSON and URLs write it, and in base64 (alone, and within a longer text such as
 * `user:secret` of basic authentication). Lines of a secret of several lines are known one by one.
 */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    guard(value) {
      const lines = value.split(/\r?\n/).map((line) => line.trim());
      for (const one of [value, ...(lines.length > 1 ? lines.filter((line) => line.length >= 12) : [])]) {
        for (const form of formsOf(one)) {
          if (!forms.has(form)) pattern = undefined;
          forms.add(form);
        }
      }
    },
    redact(text) {
      if (forms.size === 0) return text;
      // The longest first: a form that holds another is taken out whole.
      pattern ??= new RegExp(
        [...forms]
          .sort((a, b) => b.length - a.length)
          .map(escapePattern)
          .join("|"),
        "g",
      );
      return text.replace(pattern, MARK);
    },
  };
}

function formsOf(value: string): readonly string[] {
  if (value.length < SHORTEST) return [];
  const url = encodeURIComponent(value.toWellFormed());
  const plain = [
    value,
    JSON.stringify(value).slice(1, -1),
    url,
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams([["", value]]).toString().slice(1),
    Buffer.from(value).toString("base64"),
    Buffer.from(value).toString("base64url"),
    Buffer.from(value).toString("hex"),
  ];
  return [...plain, ...fragments(value)].filter((form) => form.length >= SHORTEST);
}

/** The digits of base64 that depend on the value alone, at each of the three places where it can begin. */
function fragments(value: string): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((bytes.length * 8) / 6);
    const forms = [bytes.toString("base64"), bytes.toString("base64url")].map((text) => text.slice(from, to));
    return forms.filter((form) => form.length >= SHORTEST_FRAGMENT);
  });
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
