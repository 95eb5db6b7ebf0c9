import type { IncomingMessage } from "node:http";

export type Params = Readonly<Record<string, unknown>>;

export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface RequestBody {
  readonly params: Params;
  readonly uploads: ReadonlyMap<string, Upload>;
}

/** Reads the parameters of a call from its query, JSON, or multipart body. */
export async function readRequestBody(request: IncomingMessage, url: URL): Promise<RequestBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const type = request.headers["content-type"] ?? "";
  const query: Params = Object.fromEntries(url.searchParams);
  const boundary = /multipart\/form-data;\s*boundary=("?)([^";]+)\1/.exec(type)?.[2];
  if (boundary !== undefined) return readMultipart(body, boundary);
  const json: unknown = type.includes("json") && body.length > 0 ? JSON.parse(body.toString("utf8")) : {};
  return { params: { ...query, ...(json as Params) }, uploads: new Map() };
}

function readMultipart(body: Buffer, boundary: string): RequestBody {
  const params: Record<string, unknown> = {};
  const uploads = new Map<string, Upload>();
  const raw = body.toString("latin1");
  for (const part of raw.split(`--${boundary}`).slice(1, -1)) {
    const split = part.indexOf("\r\n\r\n");
    const head = part.slice(0, split);
    const content = Buffer.from(part.slice(split + 4, -2), "latin1");
    const name = /name="([^"]*)"/.exec(head)?.[1] ?? "";
    const file = /filename="?([^";\r\n]*)"?/.exec(head)?.[1];
    if (file === undefined) params[name] = readField(content.toString("utf8"));
    else uploads.set(name, { name: Buffer.from(file, "latin1").toString("utf8"), bytes: content });
  }
  return { params, uploads };
}

/** Everything in a form is text; objects come as JSON. */
function readField(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^[[{]/.test(text) ? (JSON.parse(text) as unknown) : text;
}
