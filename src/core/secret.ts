/** Where a secret comes from. A literal is allowed, and `check` advises against it. */
export type SecretRef =
  | string
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly [string, ...string[]] };
