// scopes.mjs PACKAGE: prints core/model/method_scopes.inc from the package
// @openclaw/gateway-protocol in the folder PACKAGE.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const { name, version } = read("package.json");
const { methods } = read("protocol.schema.json");

// What the table may hold; a scope that is not here wants a person's look.
const enumerators = new Map([
  ["operator.read", "kRead"],
  ["operator.write", "kWrite"],
  ["operator.admin", "kAdmin"],
  ["operator.approvals", "kApprovals"],
  ["operator.pairing", "kPairing"],
  ["operator.questions", "kQuestions"],
  ["operator.talk", "kTalk"],
  ["node", "kNode"],
  ["dynamic", "kDynamic"],
]);

// In the order of bytes, in which std::string_view compares.
const names = Object.keys(methods).sort((a, b) =>
  Buffer.compare(Buffer.from(a), Buffer.from(b)),
);
const lines = names.map((method) => {
  if (!/^[A-Za-z0-9._-]{1,256}$/.test(method)) {
    throw new Error(`${JSON.stringify(method)} is no name of a method`);
  }
  const scope = enumerators.get(methods[method].scope);
  if (scope === undefined) {
    throw new Error(`${method} has the scope ${methods[method].scope}`);
  }
  return `{"${method}", GatewayScope::${scope}},`;
});
process.stdout.write(
  `// The ${lines.length} methods of ${name} ${version}, and the scope that\n` +
    "// the gateway asks for each. Made by: ./dev lint --accept-scopes\n" +
    `${lines.join("\n")}\n`,
);
