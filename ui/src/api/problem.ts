import { asObject, asText, asTextOrNull } from "./fields.ts";

/** The gateway said no, and why: an RFC 9457 problem. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string | null;
  readonly fix: string | null;
  constructor(
    status: number,
    code: string,
    text: { title: string; detail: string | null; fix: string | null },
  ) {
    super(text.title);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.detail = text.detail;
    this.fix = text.fix;
  }
}

/** Nobody answered, or something in between did: whether the request arrived isn't known. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("The gateway can't be reached.", { cause });
    this.name = "Unreachable";
  }
}

/** Reads a problem document. What isn't one (a proxy's page) counts as not having reached the gateway. */
export function readProblem(status: number, body: unknown): Problem | Unreachable {
  const json = asObject(body);
  const code = asTextOrNull(json["code"]);
  if (code === null) return new Unreachable(status);
  return new Problem(status, code, {
    title: asText(json["title"], "The gateway refused this."),
    detail: asTextOrNull(json["detail"]),
    fix: asTextOrNull(json["fix"]),
  });
}

/** Whether sending the same once more can help. */
export function mayPass(error: unknown): boolean {
  if (error instanceof Problem) return error.status >= 500 || error.status === 429 || error.status === 408;
  return error instanceof Unreachable;
}

/** One line for a person, with the remedy where one is known. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem))
    return error instanceof Unreachable ? error.message : "Something went wrong in the page.";
  const what =
    error.detail === null ? error.message : `${error.message.replace(/\.$/, "")}: ${error.detail}.`;
  return error.fix === null ? what : `${what.replace(/\.\.$/, ".")} ${error.fix}`;
}
