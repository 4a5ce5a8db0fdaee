// How the bridges serve GatewayService by @grpc/grpc-js.

import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

// Serves these methods on the addresses, and prints `ready`.
export async function serve(protoFolder, methods, addresses) {
  const definition = protoLoader.loadSync("clawplane/v1/gateway.proto", {
    includeDirs: [protoFolder],
    keepCase: false,
    oneofs: true,
    defaults: false,
    longs: Number,
    enums: Number,
  });
  const { clawplane } = grpc.loadPackageDefinition(definition);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  server.addService(clawplane.v1.GatewayService.service, methods);
  for (const address of addresses) {
    await new Promise((resolve, reject) =>
      server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  }
  console.log("ready");
}
