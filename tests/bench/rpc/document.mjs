// docs/performance.md: a head, and a section for each benchmark that writes one.
// A section lies between two comments and is replaced as a whole, so that the
// benchmarks need not know of each other.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { reflow } from "./text.mjs";

const HEAD = `# Performance

Everything here was measured by this project's own benchmarks and written by them: \`./dev bench WHAT\` measures again and
replaces its section. Figures are medians over rounds, with the smallest and the largest of the rounds in brackets.
`;

export function putSection(path, name, text) {
  const begin = `<!-- begin: ./dev bench ${name} -->`;
  const end = `<!-- end: ./dev bench ${name} -->`;
  const before = existsSync(path) ? readFileSync(path, "utf8") : HEAD;
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  const section = `${begin}\n\n${reflow(text)}\n\n${end}`;
  writeFileSync(
    path,
    from < 0 || to < 0
      ? `${before.trimEnd()}\n\n${section}\n`
      : before.slice(0, from) + section + before.slice(to + end.length),
  );
}
