import type { Section, SectionSchema } from "../ports/section.ts";
import type { Secrets } from "../ports/secrets.ts";

/** As much of a kind as its section needs. */
export interface SectionKind<Options> {
  readonly schema: SectionSchema<Options>;
  readonly defaults?: Options;
}

export interface SectionInput {
  /** Folder that relative paths of the configuration start from. */
  readonly baseDir: string;
  readonly secrets: Pick<Secrets, "resolve">;
}

/** One section of the configuration, checked by its kind's own schema. @throws RollcallError `config-invalid` */
export async function sectionOf<Options>(
  input: SectionInput,
  kind: SectionKind<Options>,
  id: string,
  raw: Readonly<Record<string, unknown>>,
  at: string,
): Promise<Section<Options>> {
  const empty = Object.keys(raw).length === 0;
  return {
    id,
    at,
    baseDir: input.baseDir,
    options: empty && kind.defaults !== undefined ? kind.defaults : await checked(kind, raw, at),
    secret: (ref, key) => input.secrets.resolve(ref, `${at}.${key}`),
  };
}

async function checked<Options>(kind: SectionKind<Options>, raw: unknown, at: string): Promise<Options> {
  const { parseSection } = await import("../config/section.ts");
  return parseSection(await kind.schema(), raw, at);
}
