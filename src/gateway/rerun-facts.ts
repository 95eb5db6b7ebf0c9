import type { Entry } from "../core/entry.ts";
import type { Availability } from "../ports/availability.ts";
import type { Blobs } from "../ports/blobs.ts";
import { unguarded } from "../ports/guard.ts";
import type { Generation, Roster } from "../ports/roster.ts";
import type { AccessStore, InboxStore } from "../ports/store.ts";
import { admit } from "../router/access.ts";
import { route } from "../router/route.ts";
import type { Running } from "../sessions/operate-deps.ts";
import { preparePrompt } from "../sessions/prompt.ts";
import type { TurnDeps } from "../sessions/turn-deps.ts";
import { knownFiles } from "./files.ts";

interface Facts {
  readonly roster: Roster;
  readonly availability: Availability;
  readonly store: Pick<AccessStore, "isPaired"> & Pick<InboxStore, "formerConversations">;
  readonly blobs: Pick<Blobs, "path">;
}

/** What a rerun asks of the gateway as it is now. */
export function rerunFacts({ roster, availability, store, blobs }: Facts, deps: TurnDeps): Running {
  const routeTo = (entry: Entry, named: string) => {
    const generation = roster.current();
    const access = generation.access(entry.address.channel, entry.address.account);
    const { sender, body, address } = entry;
    return route(
      { address, senderId: sender.id, chat: body.chat.kind, named },
      { ...generation, access, bindings: generation.config.bindings },
    );
  };
  return {
    roster,
    availability,
    sessionOf: (entry, agent) => routeTo(entry, agent)?.session,
    admitted: (entry) => stillAdmitted(store, roster.current(), entry),
    async preview(attempt) {
      const files = knownFiles(blobs, attempt.entries[0]);
      const prepared = await preparePrompt(
        { ...deps, guard: unguarded, fetchFiles: async () => files },
        attempt,
      );
      return { prepared, files };
    },
  };
}

/** Whether the sender of an earlier message may write there now. Callers of the API may: they showed their token. */
async function stillAdmitted(
  store: Facts["store"],
  generation: Pick<Generation, "access" | "config">,
  { address, sender, body, role }: Entry,
): Promise<boolean> {
  if (role === "operator") return true;
  const { channel, account, conversation } = address;
  const access = generation.access(channel, account);
  if (access === undefined) return false;
  const { owners } = generation.config;
  const paired = await store.isPaired(channel, account, sender.id);
  // Where the configuration still names the place by an id that it had before, that name goes on to count.
  const names = [conversation, ...(await store.formerConversations(address))];
  return names.some((name) => {
    const place = { ...address, conversation: name };
    const knock = { address: place, senderId: sender.id, chat: body.chat.kind, addressed: true };
    return admit(knock, { access, owners, paired }).kind === "admitted";
  });
}
