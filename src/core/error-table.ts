/** How the process ends. The numbers follow sysexits, so that supervisors and scripts can tell faults apart. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 64,
  findings: 65,
  noSuchId: 66,
  unresolved: 69,
  state: 73,
  io: 74,
  later: 75,
  refused: 77,
  config: 78,
} as const;
/** An exit code that the gateway or a command may end with. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface ErrorRow {
  /** What a command ends with. */
  readonly exit: ExitCode;
  /** What HTTP answers with. */
  readonly status: number;
  /** One sentence: what is wrong. The same in `docs/errors.md`. */
  readonly summary: string;
  /** One sentence: how to mend it. */
  readonly fix: string;
}

const row = (exit: ExitCode, status: number, summary: string, fix: string): ErrorRow => ({
  exit,
  status,
  summary,
  fix,
});

/**
 * Every error that leaves the gateway: as an exit code, as a problem document, as a line of the log.
 * `docs/errors.md` is this table; a test holds the two together.
 */
// prettier-ignore
export const ERRORS = {
  // configuration
  "config-missing": row(EXIT.config, 500, "No configuration was found.", "Write rollcall.json5, name one with --config, or start with --try."),
  "config-lost": row(EXIT.config, 500, "This state directory ran with a configuration that is gone.", "Put the configuration back, or name it with --config."),
  "config-unreadable": row(EXIT.config, 500, "The configuration can't be read.", "Check the file's owner and mode."),
  "config-syntax": row(EXIT.config, 500, "The configuration is not valid JSON5 or YAML.", "Mend the line that is named."),
  "config-invalid": row(EXIT.config, 500, "The configuration has a value that is not allowed.", "Mend the key that is named."),
  "secret-unresolved": row(EXIT.config, 500, "A secret that the configuration refers to is not there.", "Set the variable, write the file, or mend the command that is named."),
  // roll call
  "harness-unregistered": row(EXIT.unresolved, 503, "A declared harness is not registered.", "Check the kind's name, or list the plugin that brings it."),
  "channel-unregistered": row(EXIT.unresolved, 503, "A declared channel is not registered.", "Check the channel's name, or list the plugin that brings it."),
  "alert-route-unregistered": row(EXIT.unresolved, 503, "A declared alert route can't be resolved.", "Check its kind and its chat, or list the plugin that brings the kind."),
  "agent-unavailable": row(EXIT.unresolved, 503, "No candidate of an agent is available.", "See `rollcall status` for what each candidate lacks."),
  "agent-unknown": row(EXIT.unresolved, 404, "There is no agent with this name.", "See `rollcall status` for the agents that are declared."),
  "plugin-failed": row(EXIT.unresolved, 503, "A listed plugin did not register.", "Mend the plugin, or take it off the list."),
  // state
  "state-unwritable": row(EXIT.state, 500, "The state directory can't be written.", "Check its owner and mode, or name another with --state."),
  "store-unreadable": row(EXIT.state, 500, "The store can't be opened.", "Restore a backup, or see the reason that is named."),
  "store-behind": row(EXIT.state, 500, "The store is older than what was confirmed.", "Put the newest copy back with `rollcall restore FILE`, or accept the loss with `rollcall restore --accept-loss`."),
  "store-corrupt": row(EXIT.state, 503, "The store is damaged.", "Restore a backup with `rollcall restore FILE`, and check the disk."),
  "store-index": row(EXIT.state, 503, "An index of the store is damaged; nothing is accepted.", "Restart the gateway: the index is built anew from the messages. Check the disk."),
  "store-newer": row(EXIT.state, 500, "The store was written by a newer Rollcall.", "Start the version that wrote it, or restore a backup."),
  "store-held": row(EXIT.later, 503, "Another process holds the store.", "Stop the process that is named, or use another --state."),
  "store-io": row(EXIT.io, 503, "The disk failed while committing.", "Check the disk; the next start proves the store before it accepts anything."),
  "backup-unreadable": row(EXIT.state, 500, "The backup can't be read, or is damaged.", "Use another backup; nothing was changed."),
  "backup-older": row(EXIT.state, 409, "The store that is there is newer than the backup.", "Give it up with --accept-loss; it is kept beside."),
  "backup-failed": row(EXIT.state, 500, "The backup couldn't be written.", "See the reason that is named; nothing was left behind."),
  "backup-running": row(EXIT.later, 409, "A backup is being made already.", "Wait for its end."),
  restored: row(EXIT.later, 409, "The message waited when a backup was put back.", "It runs with its agent; old ones ask their senders first."),
  "store-full": row(EXIT.io, 503, "The disk is full.", "Free some space; intake opens again by itself."),
  "port-in-use": row(EXIT.later, 503, "The port is in use.", "Stop the process that is named, or choose another with --port."),
  "listen-failed": row(EXIT.config, 500, "The address can't be listened on.", "Mend gateway.host or gateway.port."),
  // commands
  usage: row(EXIT.usage, 400, "The command was not understood.", "See `rollcall help`."),
  "gateway-unreachable": row(EXIT.unresolved, 503, "No gateway is running on this state directory.", "Start one with `npm start`, or name it with --url."),
  "gateway-not-ready": row(EXIT.later, 503, "The gateway is running, and not ready.", "See `rollcall status`."),
  "no-such-id": row(EXIT.noSuchId, 404, "There is nothing with this id.", "List the ids that exist."),
  "service-unwritable": row(EXIT.state, 500, "The service's files can't be written.", "Run it as the user that may, or look at the unit with `rollcall service print`."),
  "service-refused": row(EXIT.unresolved, 500, "The service manager refused.", "See what it said; `rollcall service print` shows the unit."),
  // requests
  unauthorized: row(EXIT.refused, 401, "The token is missing or not known.", "Send `Authorization: Bearer TOKEN`, or sign in with `rollcall link`."),
  "csrf-refused": row(EXIT.refused, 403, "The request did not come from the page.", "Send the page's Origin and the X-Rollcall header."),
  "host-refused": row(EXIT.refused, 421, "This host name is not one of the gateway's.", "Set gateway.publicUrl, or add the name to gateway.allowedHosts."),
  "link-expired": row(EXIT.refused, 403, "The sign-in link was used or is too old.", "Make a new one with `rollcall link`."),
  "request-malformed": row(EXIT.findings, 400, "The request is not valid.", "Mend the field that is named."),
  "request-too-large": row(EXIT.findings, 413, "The request is too large.", "Send less, or fewer attachments."),
  "media-type": row(EXIT.findings, 415, "The request is not JSON.", "Send `Content-Type: application/json`."),
  "rate-limited": row(EXIT.later, 429, "There were too many tries.", "Wait a minute."),
  "not-supported": row(EXIT.findings, 501, "This gateway can't do that.", "See docs/guides/api.md for what it can."),
  "reload-refused": row(EXIT.findings, 409, "The new configuration was refused; the old one goes on.", "Mend what the reasons name, and reload again."),
  "restart-needed": row(EXIT.later, 409, "A changed key is read only at a start.", "Restart the gateway; the new configuration is ready for it."),
  "agent-awaited": row(EXIT.findings, 409, "Messages wait for an agent that the new configuration doesn't have.", "Let them end, or cancel them with `rollcall reload --drop-agent AGENT`."),
  "not-found": row(EXIT.noSuchId, 404, "There is no such path.", "See docs/guides/api.md."),
  "method-refused": row(EXIT.usage, 405, "The path doesn't take this method.", "See docs/guides/api.md."),
  "message-empty": row(EXIT.findings, 400, "The message has neither text nor an attachment.", "Send some text."),
  "message-too-long": row(EXIT.findings, 413, "The message is too long.", "Send it as a file, or in parts."),
  "attachment-refused": row(EXIT.findings, 413, "An attachment is too large, or there are too many.", "Send a smaller file."),
  "address-unknown": row(EXIT.findings, 400, "The address doesn't name a chat of a configured channel.", "Write channel/account/conversation, as `rollcall messages list` shows it."),
  "sender-refused": row(EXIT.refused, 403, "The sender isn't admitted.", "Pair it, or add it to the channel's allow list."),
  "client-id-conflict": row(EXIT.findings, 409, "This id was used for another message.", "Use a new id for a new message."),
  "state-conflict": row(EXIT.findings, 409, "The message's state doesn't allow this.", "See `rollcall messages show` for its state."),
  "queue-full": row(EXIT.later, 429, "Too many messages wait in this conversation.", "Wait for some answers first."),
  "message-unreadable": row(EXIT.findings, 422, "A message couldn't be read, and is kept as it came.", "See it with `rollcall messages show`, and report it."),
  "message-quarantined": row(EXIT.findings, 422, "A message crashed the gateway again and again, and was set aside.", "See `rollcall messages list --only quarantined`; `rollcall messages retry` tries it once more, alone."),
  "intake-paused": row(EXIT.later, 503, "Too much waits already; nothing more is taken for now.", "Wait: intake opens again by itself; see `rollcall status` for what waits."),
  "store-slow": row(EXIT.later, 503, "The disk takes too long to commit; nothing more is taken for now.", "Look for what keeps the disk busy; intake opens again by itself."),
  "disk-low": row(EXIT.later, 503, "The disk is almost full; the rest is kept for what is in work.", "Free some space; intake opens again by itself."),
  "descriptors-low": row(EXIT.later, 503, "The process has hardly any file descriptors left.", "Raise its limit of open files, and see what holds them."),
  draining: row(EXIT.later, 503, "The gateway is stopping.", "Send again to the next start."),
  // channels
  "token-refused": row(EXIT.refused, 502, "The platform refused the channel's token.", "Put a valid token into the configuration."),
  "channel-conflict": row(EXIT.later, 502, "Another program receives with the same token.", "Stop the other program, or make a new token."),
  "channel-unproven": row(EXIT.later, 503, "The channel has not received anything yet.", "Wait for its first receive; see `rollcall status`."),
  "channel-unreachable": row(EXIT.later, 502, "The platform can't be reached.", "Check the network, gateway.proxy and gateway.ipFamily."),
  "sends-failing": row(EXIT.later, 502, "Nothing can be sent over a channel.", "Check the network and the platform; what waits is sent by itself."),
  // harnesses
  "harness-missing": row(EXIT.unresolved, 503, "The harness's program is not there.", "Install it, or mend harnesses.*.command."),
  "harness-login": row(EXIT.unresolved, 503, "The harness is not logged in.", "Log in with the harness's own program, as the user that runs the gateway."),
  "harness-model": row(EXIT.unresolved, 503, "The harness doesn't know this model.", "Mend the model's name."),
  "harness-limit": row(EXIT.later, 503, "The plan's or the key's limit is reached.", "Wait until the time that is named, or add a fallback with another login."),
  "harness-overloaded": row(EXIT.later, 503, "The model's service is overloaded.", "It is tried again by itself."),
  "harness-protocol": row(EXIT.unresolved, 503, "The harness wrote something that is not its protocol.", "See the sample in the log; check the program's version."),
  "harness-exited": row(EXIT.unresolved, 503, "The harness ended without an answer.", "See its last words in the log."),
  "harness-deadline": row(EXIT.later, 503, "The harness was silent for too long.", "See turn.* of the agent's configuration."),
  "harness-failed": row(EXIT.later, 503, "The model's service failed.", "It is tried again by itself; see the log."),
  "harness-flapping": row(EXIT.later, 503, "A harness heals and fails in turns, and is left out for now.", "See in the log what fails; `rollcall messages release --held` tries it again."),
  "harness-unproven": row(EXIT.later, 503, "The harness has not been probed yet.", "Wait for the first probe."),
  "turn-refused": row(EXIT.findings, 422, "The model refused the message.", "Say it in another way, or shorten the conversation with /new."),
  "turn-interrupted": row(EXIT.later, 409, "The message was interrupted, and its agent asks before running it again.", "Answer with /retry, or `rollcall messages retry`."),
  "hold-stale": row(EXIT.later, 409, "The message was held for so long that its sender is asked before it runs.", "Answer with /run or /skip, or use `rollcall messages release` or `cancel`."),
  "reply-undelivered": row(EXIT.findings, 502, "A part of the answer couldn't be delivered.", "See `rollcall messages show` for what the platform said."),
  "harness-survives": row(EXIT.later, 503, "Processes of an interrupted message could not be ended.", "End the processes that the log names; the conversation goes on as soon as they are gone."),
  "turn-dead": row(EXIT.findings, 502, "The message failed for good.", "See `rollcall messages show`; `rollcall messages retry` tries again."),
  // the gateway's own proofs
  "alert-undelivered": row(EXIT.findings, 502, "An alert route gave no receipt.", "Mend the route that is named; see `rollcall logs`."),
  "accounting-difference": row(EXIT.findings, 500, "Messages are not accounted for.", "Report it, with the log's `accounting.difference`; a restart doesn't make it worse."),
  "canary-failed": row(EXIT.later, 503, "A message of the gateway's own wasn't answered.", "See the log's `canary.failed` for the step at which it stopped."),
  bug: row(EXIT.bug, 500, "Rollcall has a bug.", "Report it, with the log around it."),
} as const satisfies Record<string, ErrorRow>;

/** The name of a row of the table: what programs match on, and what never changes its meaning. */
export type ErrorCode = keyof typeof ERRORS;
