import type { ZodType } from "zod";
import type { SecretRef } from "../core/secret.ts";

/** One checked part of the configuration, as an adapter gets it. */
export interface Section<Options> {
  /** The harness's id, or the account's name. */
  readonly id: string;
  readonly options: Options;
  /** The section's key path, for errors. */
  readonly at: string;
  /** Folder that relative paths of the configuration start from. */
  readonly baseDir: string;
  /**
   * @param key the key within the section, for the error
   * @throws RollcallError `secret-unresolved`
   */
  secret(ref: SecretRef, key: string): Promise<string>;
}

/** The schema of an adapter's section. Loaded when needed: schemas are the slowest thing to load. */
export type SectionSchema<Options> = () => Promise<ZodType<Options>>;
