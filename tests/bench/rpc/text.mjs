// Figures as people read them.

// Three digits that count.
export function number(value) {
  if (value >= 1000) return Math.round(Number(value.toPrecision(3))).toLocaleString("en-US");
  return `${Number(value.toPrecision(3))}`;
}

export function bytes(size) {
  if (size >= 1_000_000) return `${size / 1_000_000} MB`;
  return size >= 1000 ? `${size / 1000} KB` : `${size} B`;
}

// Microseconds in the unit that suits the size of `like`.
export function time(us, like = us) {
  return like >= 10_000 ? `${number(us / 1000)} ms` : `${number(us)} µs`;
}

export function range(value, write = number) {
  return value ? `${write(value.median)} (${write(value.min)}..${write(value.max)})` : "–";
}

export function times(value) {
  return `${value.toFixed(2)}`;
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column ? "--:" : "---"))), ...rows.map(line)].join("\n");
}
