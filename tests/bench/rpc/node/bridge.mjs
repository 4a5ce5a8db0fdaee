// The bridge as one would write it in Node: GatewayService.Rpc by
// @grpc/grpc-js, carried to the gateway by `ws`.
//
// bridge.mjs PROTO_FOLDER GATEWAY_PORT TOKEN ADDRESS...: prints `ready` once it
// serves. Like clawplaned it refuses params that are not JSON, and hands JSON
// text on as it came; unlike clawplaned it has no access check, deadlines,
// limits, metrics or streams.

import grpc from "@grpc/grpc-js";
import { Gateway } from "./gateway.mjs";
import { serve } from "./service.mjs";
import { fromValue, toValue } from "./values.mjs";

const [protoFolder, port, token, ...addresses] = process.argv.slice(2);

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

await serve(protoFolder, { Rpc: rpc }, addresses);
