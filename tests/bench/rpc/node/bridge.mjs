// The bridge as one would write it in Node: GatewayService.Rpc by
// @grpc/grpc-js, carried to the gateway by `ws`.
//
// bridge.mjs PROTO_FOLDER GATEWAY_PORT TOKEN ADDRESS...: prints `ready` once it
// serves. Like clawplaned it refuses params that are not JSON, and hands JSON
// text on as it came; unlike clawplaned it has no access check, deadlines,
// limits, metrics or streams.

import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import { Gateway } from "./gateway.mjs";
import { fromValue, toValue } from "./values.mjs";

const [protoFolder, port, token, ...addresses] = process.argv.slice(2);

const definition = protoLoader.loadSync("clawplane/v1/gateway.proto", {
  includeDirs: [protoFolder],
  keepCase: false,
  oneofs: true,
  defaults: false,
  longs: Number,
  enums: Number,
});
const service = grpc.loadPackageDefinition(definition).clawplane.v1.GatewayService.service;
const gateway = await Gateway.connect(Number(port), token);

function refuse(callback, code, message) {
  callback({ code, details: message });
}

function rpc(call, callback) {
  const { method, paramsForm, paramsJson, params } = call.request;
  const asValue = paramsForm === "params";
  let text = "{}";
  if (asValue) {
    text = JSON.stringify(fromValue(params));
  } else if (paramsForm === "paramsJson") {
    try {
      JSON.parse(paramsJson);
    } catch (error) {
      refuse(callback, grpc.status.INVALID_ARGUMENT, error.message);
      return;
    }
    text = paramsJson;
  }
  gateway.call(method, text, (error, payload, payloadText) => {
    if (error) {
      refuse(callback, grpc.status.UNKNOWN, String(error.message));
    } else {
      callback(null, asValue ? { result: toValue(payload) } : { resultJson: payloadText() });
    }
  });
}

const server = new grpc.Server({
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
});
server.addService(service, { Rpc: rpc });
for (const address of addresses) {
  await new Promise((resolve, reject) =>
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}
console.log("ready");
