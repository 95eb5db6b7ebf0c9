const LONGEST = 100;

/**
 * A name from outside as a safe last part of a path: no separators, no control or direction characters, no leading
 * dots, bounded, never empty. Pure; `../../x` becomes `x`.
 */
export function cleanFileName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const safe = last
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[.\s]+|[.\s]+$/g, "");
  if (safe.length <= LONGEST) return safe === "" ? "file" : safe;
  const dot = safe.lastIndexOf(".");
  const ending = dot > 0 && safe.length - dot <= 10 ? safe.slice(dot) : "";
  return safe.slice(0, LONGEST - ending.length).toWellFormed() + ending;
}
