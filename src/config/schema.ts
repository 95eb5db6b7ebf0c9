import * as z from "zod";
import { SECOND } from "../core/time.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import {
  address,
  approver,
  duration,
  modelRef,
  name,
  network,
  pattern,
  secret,
  text,
  url,
} from "./schema-values.ts";

// The shape of the file: every key optional, defaults are laid under it afterwards (see complete.ts).
// What a description says is what editors show; the guide says more.

const NO_PORT = "expected a port: a whole number from 0 to 65535";

const gateway = z.strictObject({
  host: text.describe("Address to listen on.").optional(),
  port: z
    .int(NO_PORT)
    .min(0, NO_PORT)
    .max(65_535, NO_PORT)
    .describe("Port to listen on; 0 takes a free one.")
    .optional(),
  publicUrl: url(["http:", "https:"], "https://rollcall.example.org")
    .describe("Where people reach the page, when a proxy stands before it.")
    .optional(),
  allowedHosts: z.array(text).describe("Further host names that requests may carry.").optional(),
  trustedProxies: z.array(network).describe("Proxies whose forwarding headers are believed.").optional(),
  auth: z
    .strictObject({
      token: secret.describe("Token of the API; made at the first start when absent.").optional(),
    })
    .optional(),
  boot: z
    .strictObject({
      pluginDeadline: duration("Time that each plugin has to register.", { min: 1 }),
      probeDeadline: duration("Time that the first probes have.", { min: 1 }),
      unregistered: z
        .enum(["exit", "hold-agent"])
        .describe("What a declared harness that nobody registered does to the start.")
        .optional(),
      unavailable: z
        .enum(["hold", "exit"])
        .describe("What an agent without an available candidate does to the start.")
        .optional(),
      badConfig: z
        .enum(["exit", "last-good"])
        .describe("What a configuration with problems does to the start.")
        .optional(),
    })
    .optional(),
  health: z
    .strictObject({ lineEvery: duration("Pause between health lines in the log.", { min: SECOND }) })
    .optional(),
  drain: z
    .strictObject({ grace: duration("Time that running turns have when the gateway stops.") })
    .optional(),
  proxy: url(
    ["http:", "https:", "socks:", "socks4:", "socks4a:", "socks5:", "socks5h:"],
    "socks5://127.0.0.1:1080",
  )
    .describe("Proxy for every connection to a platform.")
    .optional(),
  ipFamily: z.enum(["auto", "4", "6"]).describe("Which IP version to use towards platforms.").optional(),
});

const agentShape = {
  model: z
    .strictObject({
      primary: modelRef
        .describe("HARNESS/MODEL, split at the first slash; `default` is the harness's own.")
        .optional(),
      fallbacks: z
        .array(modelRef)
        .describe("What is tried when the primary can't serve, in order.")
        .optional(),
    })
    .optional(),
  workspace: text.describe("Folder that the agent works in; relative to the configuration.").optional(),
  instructions: text.describe("What the agent is told beside the messages.").optional(),
  turn: z
    .strictObject({
      firstEvent: duration("Time to the first sign of life of a turn.", { min: 1 }),
      idle: duration("Longest silence while nothing is open.", { min: 1 }),
      toolIdle: duration("Longest silence while a tool runs.", { min: 1 }),
      total: duration("Longest turn.", { min: 1 }),
    })
    .optional(),
  onInterrupted: z
    .enum(["resume", "rerun", "ask"])
    .describe("What becomes of a turn that was cut off.")
    .optional(),
  hold: z
    .strictObject({
      noticeAfter: duration("Time after which the sender of a held message is told."),
      askAfter: duration("Age from which the sender is asked before a held message runs."),
      max: duration("Age at which a held message is given up.", { min: 1 }),
    })
    .optional(),
  midTurn: z
    .enum(["collect", "queue", "steer", "interrupt"])
    .describe("What happens to a message that comes while a turn runs.")
    .optional(),
  permissions: z
    .strictObject({
      policy: z.enum(["ask", "allow-list", "deny"]).describe("How tools get their permission.").optional(),
      approvers: z.array(approver).describe("Who may grant one: owner, or addresses of people.").optional(),
      allow: z.array(text).describe("Tools that need no question.").optional(),
      deadline: duration("Time after which a question counts as denied.", { min: 1 }),
    })
    .optional(),
  session: z
    .strictObject({
      direct: z
        .enum(["conversation", "person", "agent"])
        .describe("What shares one context: a conversation, a person over all channels, or everybody.")
        .optional(),
      links: z
        .record(text, text)
        .describe("Addresses of one person on several channels, each with the person's name.")
        .optional(),
      reset: z
        .strictObject({
          idle: duration("Silence after which a session begins afresh.", { min: 1, max: CONFIG_LIMITS.age }),
        })
        .optional(),
    })
    .optional(),
  spend: z
    .strictObject({
      perDay: z
        .strictObject({ usd: z.number().positive("must be more than 0").describe("US dollars a day.") })
        .optional(),
    })
    .optional(),
  canary: z
    .strictObject({
      every: duration("Pause between messages of the gateway's own through the whole path.", { min: SECOND }),
    })
    .optional(),
  sandbox: z
    .strictObject({ kind: z.enum(["none"]).describe("How the harness is shut in.").optional() })
    .optional(),
};

const agent = z.strictObject({ id: name.describe("Name of the agent."), ...agentShape });

/** The whole file. `z.output` of it is what `complete` lays over the defaults. */
export const configSchema = z.strictObject({
  $schema: z.string().describe("Where editors find this schema.").optional(),
  owners: z
    .array(address)
    .describe("Addresses of people who may do everything; alerts and approvals go to them by default.")
    .optional(),
  gateway: gateway.optional(),
  agents: z
    .strictObject({
      defaults: z.strictObject(agentShape).describe("Any key of an agent but its id.").optional(),
      list: z
        .array(agent)
        .min(1, "needs at least one agent")
        .describe("The agents; the first serves what no binding names.")
        .optional(),
    })
    .optional(),
  harnesses: z
    .record(
      name,
      z.looseObject({
        kind: text
          .describe("Kind of harness; the id when absent. All other keys are the kind's own.")
          .optional(),
      }),
    )
    .describe("Programs that run agents, by the name that stands left of the slash in model references.")
    .optional(),
  channels: z
    .record(
      name,
      z.strictObject({
        enabled: z.boolean().describe("Whether the channel is opened.").optional(),
        accounts: z
          .record(name, z.record(z.string(), z.unknown()))
          .describe("Sets of credentials by name; their keys are the channel's own.")
          .optional(),
      }),
    )
    .describe("Platforms that messages come from.")
    .optional(),
  bindings: z
    .array(
      z.strictObject({
        agent: text.describe("Id of an agent."),
        from: pattern.describe("An address whose parts may be *."),
      }),
    )
    .describe("Which agent serves what; the first match wins.")
    .optional(),
  alerts: z
    .strictObject({
      routes: z
        .array(
          z.looseObject({
            kind: text.describe("channel, webhook, email or command. All other keys are the kind's own."),
          }),
        )
        .describe("Where alerts go; the owners when absent.")
        .optional(),
      deadman: z
        .strictObject({
          url: url(["http:", "https:"], "https://monitor.example.org/ping").describe(
            "What is asked as long as all is well.",
          ),
          every: duration("Pause between two calls.", { min: SECOND }),
        })
        .optional(),
    })
    .optional(),
  store: z.strictObject({ kind: z.enum(["sqlite"]).describe("Engine of the store.").optional() }).optional(),
  retention: z
    .strictObject({
      messages: duration("Age at which ended messages are deleted.", { min: 1, max: CONFIG_LIMITS.age }),
      attachments: duration("Age at which files of ended messages are deleted.", {
        min: 1,
        max: CONFIG_LIMITS.age,
      }),
    })
    .optional(),
  plugins: z
    .array(text)
    .describe("Modules that bring harnesses, channels or alert routes: paths or packages.")
    .optional(),
});

/** The file as the schema leaves it: checked, times in milliseconds, no defaults yet. */
export type ParsedConfig = z.output<typeof configSchema>;

/** The schema as JSON Schema, for editors: `schema.json`. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    override: ({ jsonSchema }) => {
      // Keys that begin with x- are free wherever unknown keys are errors.
      if (jsonSchema.additionalProperties === false) jsonSchema.patternProperties = { "^x-": {} };
    },
  });
  return { ...schema, title: "Rollcall configuration" };
}
