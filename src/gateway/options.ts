/** What a start is told by its command line and its surroundings. */
export interface StartOptions {
  /** Serve on defaults when there is no configuration. */
  readonly try: boolean;
  readonly config: string | undefined;
  readonly state: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly logFormat: "json" | "pretty" | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted when the gateway shall stop: by a signal, or because whoever started it is gone. */
  readonly stopRequested: AbortSignal;
  readonly onListening: () => void;
  /** Is given what to call when somebody asks for a reload by a signal. */
  readonly onReloadWish: (reload: () => void) => void;
}
