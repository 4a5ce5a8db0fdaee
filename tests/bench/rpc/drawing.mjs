// Bars, lines and words as SVG that is legible on light and on dark pages.

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 14px; }
  .soft { fill: #6e7781; }
  .clawplaned { fill: #0969da; } .echo { fill: #8c959f; } .node { fill: #bf8700; } .other { fill: #57ab5a; }
  .whisker { stroke: #24292f; stroke-width: 1; } .axis { stroke: #d0d7de; }
  .must { stroke: #cf222e; stroke-width: 2; } .aim { stroke: #1a7f37; stroke-width: 2; }
  .line { stroke: #0969da; stroke-width: 2; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .soft { fill: #8d96a0; }
    .clawplaned { fill: #4493f8; } .echo { fill: #7d8590; } .node { fill: #d29922; } .other { fill: #3fb950; }
    .whisker { stroke: #e6edf3; } .axis { stroke: #3d444d; }
    .must { stroke: #f85149; } .aim { stroke: #3fb950; }
    .line { stroke: #4493f8; }
  }
</style>`;

const WIDTH = 760;
const LABELS = 240;
const BARS = 380;
const ROW = 22;

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

export function words(x, y, text, attributes = "") {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(text)}</text>`;
}

export function svg(height, title, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escape(title)}</title>
${STYLE}
${parts.join("\n")}
</svg>
`;
}

function tick(x, y, kind) {
  return `<line class="${kind}" x1="${x}" x2="${x}" y1="${y - 8}" y2="${y + 8}"/>`;
}

// A bar with its label, its spread, its value and the marks on its way.
function bar(y, { label, kind, value, write, marks = [] }, most) {
  const at = (v) => LABELS + Math.min(1, v / most) * BARS;
  const end = Math.max(at(value.max), ...marks.map((mark) => at(mark.value)));
  return [
    words(LABELS - 8, y + 4, label, 'text-anchor="end"'),
    `<rect class="${kind}" x="${LABELS}" y="${y - 6}" width="${at(value.median) - LABELS}" height="12" rx="2"/>`,
    `<line class="whisker" x1="${at(value.min)}" x2="${at(value.max)}" y1="${y}" y2="${y}"/>`,
    ...marks.map((mark) => tick(at(mark.value), y, mark.kind)),
    words(end + 8, y + 4, write(value.median)),
  ].join("");
}

// Panels of bars below each other, each with a scale of its own from 0.
export function bars(title, panels, notes = []) {
  const parts = [words(0, 16, title, 'class="title"')];
  let y = 34;
  for (const note of notes) {
    parts.push(words(0, y, note, 'class="soft"'));
    y += 18;
  }
  for (const { name, rows } of panels) {
    y += 16;
    if (name) {
      parts.push(words(0, y, name, 'class="soft"'));
      y += 14;
    }
    const most = Math.max(...rows.flatMap((row) => [row.value.max, ...(row.marks ?? []).map((mark) => mark.value)]));
    const begin = y - 4;
    for (const row of rows) {
      y += ROW / 2;
      parts.push(bar(y, row, most));
      y += ROW / 2;
    }
    parts.push(`<line class="axis" x1="${LABELS}" x2="${LABELS}" y1="${begin}" y2="${y}"/>`);
  }
  return svg(y + 10, title, parts);
}
