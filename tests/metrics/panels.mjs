// The panels of the dashboard: what they ask, and what Prometheus answers.

import { readFileSync } from "node:fs";

// In the order in which they lie, those of a row together.
export function readPanels(file) {
  const rows = [];
  for (const panel of JSON.parse(readFileSync(file, "utf8")).panels) {
    if (panel.type === "row") {
      rows.push({ title: panel.title, panels: [] });
    } else {
      rows.at(-1).panels.push({
        title: panel.title,
        isState: panel.type === "state-timeline",
        unit: panel.fieldConfig.defaults.unit,
        queries: panel.targets.map(({ expr, legendFormat }) => ({ expr, legend: legendFormat })),
      });
    }
  }
  return rows;
}

// What Grafana fills in for one instance that is scraped each second.
function filled(expr) {
  return expr.replaceAll("$__rate_interval", "5s").replaceAll("$instance", ".*");
}

function named(legend, labels) {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label) => labels[label] ?? "");
}

// The curves of a panel: names, and points of [second, value].
export async function ask(url, panel, { begin, end }) {
  const curves = [];
  for (const { expr, legend } of panel.queries) {
    const query = new URLSearchParams({ query: filled(expr), start: begin, end, step: 1 });
    const answer = await (await fetch(`${url}/api/v1/query_range?${query}`)).json();
    if (answer.status !== "success") throw new Error(`${panel.title}: ${answer.error}`);
    for (const { metric, values } of answer.data.result) {
      const points = values.map(([at, value]) => [at - begin, Number(value)]);
      const known = points.filter(([, value]) => Number.isFinite(value));
      if (known.length) curves.push({ name: named(legend, metric), points: known });
    }
  }
  // Where one name is several series over time, they are one curve.
  const byName = new Map();
  for (const { name, points } of curves) byName.set(name, [...(byName.get(name) ?? []), ...points]);
  return [...byName].map(([name, points]) => ({ name, points: points.sort((a, b) => a[0] - b[0]) }));
}
