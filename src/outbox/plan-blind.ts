import type { DeliveryBody } from "../core/delivery.ts";
import { LIMITS } from "../core/limits.ts";
import type { Reply } from "../core/turn.ts";

/** A text of this many UTF-16 units fits into one message of every platform, whatever rendering adds to it. */
const FITS = 1900;

/**
 * The parts of a reply whose channel isn't open at this moment (a handover, an account that was taken out): such that
 * any channel can send them later. Pure: the same reply gives the same parts.
 */
export function planBlind({ text, files }: Reply): readonly DeliveryBody[] {
  const pieces = piecesOf(text);
  const parts: readonly DeliveryBody[] =
    pieces.length <= LIMITS.replyParts
      ? pieces.map((piece) => ({ text: piece, format: "markdown" }))
      : [
          {
            text: "The answer is long: it is in the file.",
            format: "plain",
            file: { ...ANSWER, content: text },
          },
        ];
  return [
    ...parts,
    ...files.map((path): DeliveryBody => ({ text: "", format: "plain", file: fileOf(path) })),
  ];
}

const ANSWER = { path: "", name: "answer.md", mime: "text/markdown" } as const;

function fileOf(path: string): NonNullable<DeliveryBody["file"]> {
  return { path, name: path.split(/[/\\]/).at(-1) ?? "file", mime: "application/octet-stream" };
}

/** Cut at the last empty line, line or space that fits; between two characters where there is none. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > FITS) {
    const room = rest.slice(0, FITS);
    const at = ["\n\n", "\n", " "].map((end) => room.lastIndexOf(end)).find((found) => found > FITS / 2);
    const cut = at ?? (/[\uD800-\uDBFF]$/.test(room) ? FITS - 1 : FITS);
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut).replace(/^[ \n]+/, "");
  }
  return rest === "" && pieces.length > 0 ? pieces : [...pieces, rest];
}
