// The manifests and the image's recipe, as far as they can be checked without a cluster.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { planStop } from "../../src/boot/stop-plan.ts";
import { GATEWAY_DEFAULTS } from "../../src/config/defaults.ts";
import { parseDuration, SECOND } from "../../src/core/time.ts";
import { makeHome, runProgram, startGateway } from "./program.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, "deploy", path), "utf8");

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold?: number;
}

interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly replicas?: number;
    readonly strategy?: { readonly type: string };
    readonly accessModes?: readonly string[];
    readonly template?: { readonly spec: Pod };
  };
}

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly startupProbe: Probe;
    readonly livenessProbe: Probe;
    readonly readinessProbe: Probe;
    readonly securityContext: {
      readonly allowPrivilegeEscalation: boolean;
      readonly readOnlyRootFilesystem: boolean;
    };
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
}

const manifests = parseAllDocuments(read("kubernetes/rollcall.yaml")).map((document) => {
  assert.deepEqual(document.errors, []);
  return document.toJS() as Manifest;
});
const find = (kind: string): Manifest => {
  const found = manifests.find((one) => one.kind === kind);
  assert.ok(found, `there is no ${kind}`);
  return found;
};
const pod = find("Deployment").spec.template?.spec;
const container = pod?.containers[0];

test("one gateway at a time owns the state, and it runs with few rights", () => {
  const { spec } = find("Deployment");
  assert.equal(spec.replicas, 1);
  assert.equal(spec.strategy?.type, "Recreate");
  assert.deepEqual(find("PersistentVolumeClaim").spec.accessModes, ["ReadWriteOncePod"]);
  assert.equal(pod?.securityContext.runAsNonRoot, true);
  assert.equal(container?.securityContext.allowPrivilegeEscalation, false);
  assert.equal(container?.securityContext.readOnlyRootFilesystem, true);
  assert.ok(container?.volumeMounts.some(({ mountPath }) => mountPath === "/var/lib/rollcall"));
});

test("a stop with its whole grace fits into the pod's time", () => {
  const within = parseDuration(
    container?.env.find(({ name }) => name === "ROLLCALL_STOP_WITHIN")?.value ?? "",
  );
  assert.ok(within !== undefined);
  const { grace } = GATEWAY_DEFAULTS.drain;
  assert.equal(planStop(grace, within).grace, grace);
  assert.ok(within < (pod?.terminationGracePeriodSeconds ?? 0) * SECOND);
});

test("held agents neither restart the pod nor close it to messages", async (t) => {
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "claude-cli/default" } }] },
    harnesses: { "claude-cli": { command: "no-such-program" } },
  });
  const gateway = await startGateway(t, home, { ready: false });
  const codeOf = async (probe: Probe | undefined): Promise<number> =>
    (await fetch(`${gateway.url}${probe?.httpGet.path ?? "/readyz"}`)).status;
  assert.equal(await codeOf(undefined), 503, "the gateway is holding");
  for (const probe of [container?.startupProbe, container?.livenessProbe, container?.readinessProbe])
    assert.equal(await codeOf(probe), 200);
  const { periodSeconds = 0, failureThreshold = 0 } = container?.startupProbe ?? {};
  assert.ok(periodSeconds * failureThreshold >= 180, "a slow start isn't killed");
  await gateway.stop();
});

test("the configuration in it is one", async (t) => {
  const home = makeHome(t);
  home.configure(find("ConfigMap").data?.["rollcall.json5"] ?? "");
  const env = { ROLLCALL_TOKEN: "of-the-test", PATH: "/nowhere" };
  const program = runProgram(t, home, "start", { args: ["--port", "0"], env });
  await program.logged("gateway.listening");
  program.signal("SIGTERM");
  assert.equal((await program.exited).code, 0);
});

test("the image runs the pinned runtime itself, as nobody in particular, from files that are there", () => {
  const lines = read("Containerfile").replaceAll("\\\n", " ").split("\n");
  const of = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  assert.match(of("ENTRYPOINT")[0] ?? "", /node_modules\/\.bin\/node", "\/opt\/rollcall\/rollcall\.js"\]$/);
  assert.match(of("USER")[0] ?? "", /^[1-9]\d+:[1-9]\d+$/);
  for (const line of of("COPY").filter((one) => !one.startsWith("--")))
    for (const path of line.split(" ").slice(0, -1)) assert.ok(existsSync(join(ROOT, path)), path);
});
