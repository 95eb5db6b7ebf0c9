import { numberAt, objectAt, objectsAt, textAt, type Json } from "./json.ts";
import { repliedTo, senderOf, type BotIdentity } from "./parse-names.ts";

/** A marked stretch of a text. Offsets and lengths are in UTF-16 units, as JavaScript's are. */
interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  /** The stretch itself. */
  readonly text: string;
  readonly source: Json;
}

export interface ParsedText {
  readonly text: string;
  /** Whether the bot is meant: mentioned, answered to, or given a command (see `forOther`). */
  readonly addressed: boolean;
  /** The text is a command for another bot of the group. */
  readonly forOther: boolean;
}

/**
 * Reads a message's text or caption. The bot's own name is cut off where it only calls the bot (at the beginning, at
 * the end, behind a command) and stays where it is part of a sentence. Code and hidden links become Markdown.
 */
export function parseText(message: Json, bot: BotIdentity): ParsedText {
  const text = textAt(message, "text") ?? textAt(message, "caption") ?? "";
  const entities = entitiesOf(message, text);
  const command = entities.find((entity) => entity.type === "bot_command" && entity.offset === 0);
  const named = /@(\w+)$/.exec(command?.text ?? "")?.[1];
  const forOther = named !== undefined && !sameName(named, bot.username);
  const calls = entities.filter((entity) => mentions(entity, bot));
  const replied = repliedTo(message);
  const answered = replied !== undefined && senderOf(replied)?.id === bot.id;
  return {
    text: rewrite(text, entities, (entity) => {
      if (entity === command && named !== undefined && !forOther)
        return entity.text.slice(0, -named.length - 1);
      return calls.includes(entity) && callsOnly(entity, text) ? "" : undefined;
    }),
    addressed: command !== undefined || calls.length > 0 || answered,
    forOther,
  };
}

function entitiesOf(message: Json, text: string): readonly Entity[] {
  const listed = [...objectsAt(message, "entities"), ...objectsAt(message, "caption_entities")];
  return listed
    .flatMap((source) => {
      const type = textAt(source, "type");
      const offset = numberAt(source, "offset") ?? -1;
      const length = numberAt(source, "length") ?? 0;
      if (type === undefined || offset < 0 || length < 1 || offset + length > text.length) return [];
      return [{ type, offset, length, source, text: text.slice(offset, offset + length) }];
    })
    .sort((a, b) => a.offset - b.offset);
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function mentions(entity: Entity, bot: BotIdentity): boolean {
  if (entity.type === "mention") return sameName(entity.text, `@${bot.username}`);
  const user = entity.type === "text_mention" ? objectAt(entity.source, "user") : undefined;
  return user !== undefined && String(numberAt(user, "id")) === bot.id;
}

/** Whether a mention stands at the beginning or the end, where it is a call and no part of what is said. */
function callsOnly(entity: Entity, text: string): boolean {
  const before = text.slice(0, entity.offset);
  const after = text.slice(entity.offset + entity.length);
  return before.trim() === "" || /^[\s.,!?:;]*$/.test(after);
}

function rewrite(
  text: string,
  entities: readonly Entity[],
  replace: (entity: Entity) => string | undefined,
): string {
  let result = "";
  let at = 0;
  for (const entity of entities) {
    if (entity.offset < at) continue;
    const replaced = replace(entity);
    const written = replaced ?? asMarkdown(entity);
    if (written === undefined) continue;
    result += text.slice(at, entity.offset) + written;
    at = entity.offset + entity.length;
    // "@bot, please" begins with "please".
    if (replaced === "" && result.trim() === "") at += /^[\s,:;]*/.exec(text.slice(at))?.[0].length ?? 0;
  }
  return (result + text.slice(at)).trim();
}

function asMarkdown(entity: Entity): string | undefined {
  if (entity.type === "code" && !entity.text.includes("`")) return `\`${entity.text}\``;
  if (entity.type === "pre")
    return `\`\`\`${textAt(entity.source, "language") ?? ""}\n${entity.text}\n\`\`\``;
  const url = entity.type === "text_link" ? textAt(entity.source, "url") : undefined;
  return url === undefined || url === entity.text ? undefined : `[${entity.text}](${url})`;
}
