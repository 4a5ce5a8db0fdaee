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

// Markdown with its paragraphs and bullets broken at 120 columns.
export function reflow(markdown) {
  return markdown
    .trim()
    .split(/\n{2,}/)
    .map((block) => {
      if (/^[|#!<]/.test(block)) return block;
      return block
        .split(/\n(?=\* )/)
        .map((part) => fill(part, part.startsWith("* ") ? "  " : ""))
        .join("\n");
    })
    .join("\n\n");
}

function fill(paragraph, indent) {
  const lines = [];
  for (const word of paragraph.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 120) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(lines.length ? indent + word : word);
    }
  }
  return lines.join("\n");
}
