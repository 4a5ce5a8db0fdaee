// Asks for the status, makes a call, and follows the events of a server, from
// where the last run ended: node follow_events.mjs TARGET PLACE_FILE
//
// TARGET is unix:/path or host:port; for the latter CLAWPLANE_TOKEN_FILE names
// the file of the token.

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as wait } from "node:timers/promises";

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createGrpcTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";

import {
  GatewayError_Outcome,
  GatewayErrorSchema,
  GatewayService,
  GatewayStatus_State,
} from "./generated/clawplane/v1/gateway_pb.js";
import { ErrorInfoSchema } from "./generated/google/rpc/error_details_pb.js";

const maxMessage = 64 * 1024 * 1024; // The server sends up to 32 MiB.
const silence = 45_000; // The server sends a bookmark after 20 s at the latest.
const [firstPause, longestPause] = [100, 5_000];

// A client with a connection of its own, and what closes that.
function connect(target) {
  const path = target.startsWith("unix:") ? target.slice(5) : undefined;
  const baseUrl = path ? "http://localhost" : `http://${target}`;
  const sessionManager = new Http2SessionManager(
    baseUrl,
    undefined,
    path && { createConnection: () => net.connect(path) },
  );
  const token =
    !path && process.env.CLAWPLANE_TOKEN_FILE
      ? readFileSync(process.env.CLAWPLANE_TOKEN_FILE, "ascii").trim()
      : undefined;
  const addToken = (next) => (request) => {
    if (token) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [addToken],
    readMaxBytes: maxMessage,
  });
  return {
    client: createClient(GatewayService, transport),
    close: () => sessionManager.abort(),
  };
}

// The ErrorInfo and the GatewayError of a failed call; either may be undefined.
function detailsOf(error) {
  const [info] = error.findDetails(ErrorInfoSchema);
  const [gateway] = error.findDetails(GatewayErrorSchema);
  return { info, gateway };
}

function describe(error) {
  const { info, gateway } = detailsOf(error);
  let text = Code[error.code].replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
  if (info) text += ` ${info.reason} (${info.domain})`;
  if (gateway) text += `, OUTCOME_${GatewayError_Outcome[gateway.outcome]}`;
  return text;
}

async function callGateway(client, method) {
  const paramsForm = { case: "paramsJson", value: "{}" };
  try {
    const answer = await client.rpc(
      { method, paramsForm },
      { timeoutMs: 30_000 },
    );
    console.log("answer:", answer.resultForm.value);
  } catch (error) {
    console.log("refused:", describe(ConnectError.from(error)));
  }
}

function load(file) {
  try {
    const [epoch, sequence] = readFileSync(file, "utf8").split(" ");
    return { epoch, sequence: BigInt(sequence) };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

// Another file first, so that there is always a whole one.
function save(file, { epoch, sequence }) {
  writeFileSync(`${file}.new`, `${epoch} ${sequence}`);
  renameSync(`${file}.new`, file);
}

// Whether the stream's end is none that a person has to mend.
function mayPass(error) {
  const cutOff = [
    Code.Canceled,
    Code.Unknown,
    Code.Internal,
    Code.Aborted,
    Code.DeadlineExceeded,
  ];
  if (error.code === Code.Unavailable) return true;
  return cutOff.includes(error.code) && !detailsOf(error).info;
}

// Prints a response, and returns the position after it.
function take(response, position) {
  if (response.bookmark) position = response.bookmark;
  if (response.gap) {
    position = response.gap.resumedAfter;
    console.log(`gap: up to ${position.epoch}:${position.sequence}`);
  }
  for (const { epoch, sequence, name, detail } of response.events) {
    console.log(name, detail.value?.payload?.form.value ?? "");
    position = { epoch, sequence };
  }
  return position;
}

// The responses of one stream, until it breaks or was silent for too long.
async function* responses(client, position) {
  const abort = new AbortController();
  const start = position && { case: "after", value: position };
  const options = { signal: abort.signal };
  const stream = client.streamEvents({ start }, options);
  const iterator = stream[Symbol.asyncIterator]();
  while (true) {
    const timer = setTimeout(() => abort.abort(), silence);
    const { done, value } = await iterator
      .next()
      .finally(() => clearTimeout(timer)); // The work on it may take its time.
    if (done) return;
    yield value;
  }
}

async function followEvents(target, placeFile) {
  let position = load(placeFile);
  let pause = firstPause;
  while (true) {
    // A connection for each attempt: one that went dead without the kernel's
    // knowing it is not used again.
    const { client, close } = connect(target);
    try {
      for await (const response of responses(client, position)) {
        pause = firstPause;
        position = take(response, position);
        save(placeFile, position);
      }
    } catch (caught) {
      const error = ConnectError.from(caught);
      if (!mayPass(error)) throw error;
      console.log("lost:", describe(error));
    } finally {
      close();
    }
    await wait(pause * (0.8 + 0.2 * Math.random()));
    pause = Math.min(2 * pause, longestPause);
  }
}

async function main([target, placeFile]) {
  if (!placeFile) throw new Error("usage: follow_events.mjs TARGET PLACE_FILE");
  const { client, close } = connect(target);
  const { status } = await client.getStatus({}, { timeoutMs: 10_000 });
  console.log(`state: STATE_${GatewayStatus_State[status.state]}`);
  await callGateway(client, "health");
  await callGateway(client, "no.such.method");
  close();
  await followEvents(target, placeFile);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(
    error instanceof ConnectError ? `refused: ${describe(error)}` : error,
  );
  process.exitCode = 1;
});
