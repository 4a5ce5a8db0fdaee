// What a run of a benchmark ran on.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";

function output(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}

function versionOf(nodeFolder, name) {
  return JSON.parse(readFileSync(`${nodeFolder}/node_modules/${name}/package.json`, "utf8")).version;
}

export function circumstances({ nodeFolder, gatewayDir }) {
  const release = /^PRETTY_NAME="(.*)"/m.exec(readFileSync("/etc/os-release", "utf8"));
  const commit = output("git", "rev-parse", "--short=12", "HEAD");
  const changed = output("git", "status", "--porcelain", "--untracked-files=no") !== "";
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit && changed ? `${commit} with changes` : commit,
    cpu: os.cpus()[0].model.trim(),
    cores: os.cpus().length,
    memory_gib: os.totalmem() / 2 ** 30,
    kernel: os.release(),
    system: release?.[1] ?? "unknown",
    load: os.loadavg()[0],
    grpc: output("dpkg-query", "-W", "-f", "${Version}", "libgrpc++-dev"),
    node: process.version,
    openclaw: JSON.parse(readFileSync(`${gatewayDir}/package.json`, "utf8")).version,
    grpc_js: versionOf(nodeFolder, "@grpc/grpc-js"),
    ws: versionOf(nodeFolder, "ws"),
    gateway_client: versionOf(nodeFolder, "@openclaw/gateway-client"),
  };
}
