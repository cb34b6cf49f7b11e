// What the page knows of its study: runs, metrics, and what the seeds of a run have in common.

import { unpack } from "./columns.js";

/** The words of the page, with its columns, a start in them for each run, and errors as metrics. */
export async function readStudy() {
  const study = JSON.parse(document.getElementById("words").textContent);
  study.columns = await unpack(study.columns, document.getElementById("columns").textContent);
  let start = 0;
  study.runs.forEach((run, i) => {
    Object.assign(run, { index: i, start, name: `${run.optimizer} ${run.label}` });
    run.shape = study.optimizers.findIndex(({ name }) => name === run.optimizer);
    start += run.steps;
  });
  for (const name of study.metrics.filter((name) => name.endsWith("_accuracy"))) {
    const error = name.replace("accuracy", "error");
    study.metrics.push(error);
    study.columns[error] = study.columns[name].map((accuracy) => round(1 - accuracy));
  }
  study.epochs = [...new Set(study.columns.epoch)].sort((a, b) => a - b);
  study.bands = {};
  study.measured = Object.fromEntries(study.metrics.map((name) => [name, measuredOf(study, name)]));
  return study;
}

// 1 - 0.9 is 0.1, not 0.100000024
const round = (value) => Number.isFinite(value) ? Number(value.toFixed(7)) : value;

/** The optimizers of which a metric is known: the curvature is of full batches only. */
function measuredOf({ runs, columns, seeds: { length: n } }, metric) {
  const part = ({ start, steps }) => columns[metric].subarray(n * start, n * (start + steps));
  const known = runs.filter((run) => part(run).some(Number.isFinite));
  return new Set(known.map(({ optimizer }) => optimizer));
}

/** Whether the pictures show it: of averages they show nothing. */
export const isPictured = ({ number }) => number !== undefined;

/** Whether a metric is a share, of which 0 is nothing special. */
export const isShare = (metric) => /_(accuracy|error)$/.test(metric);

/** A metric as a person writes it. */
export function label(metric) {
  const [, optimum, parameter] = metric.match(/^(optimum_)?distance_(.*)$/) ?? [];
  if (parameter) return `‖${parameter}_t − ${parameter}${optimum ? "*" : "_T"}‖`;
  const of = { excess: "objective F − F*", curvature: "curvature λ_max", gradient_norm: "‖∇F‖" };
  return of[metric] ?? metric.replaceAll("_", " ");
}

/** Low, middle and high of a metric over the seeds, a number for each step of each run. */
export function band(study, metric) {
  return study.bands[metric] ??= overSeeds(study, metric);
}

/** As descent/analysis/quantiles.py has it: what is not finite counts as the worst. */
function overSeeds({ columns, seeds, few }, metric) {
  const values = columns[metric], n = seeds.length, rows = values.length / n;
  const sign = metric.includes("accuracy") ? -1 : 1; // so that large is bad
  const outer = n < few ? 0 : 0.1;
  const shares = { low: outer, middle: 0.5, high: 1 - outer };
  const found = {};
  for (const name in shares) found[name] = new Float32Array(rows);
  const ordered = new Float64Array(n);
  for (let row = 0; row < rows; row++) {
    for (let seed = 0; seed < n; seed++) {
      const value = values[row * n + seed];
      ordered[seed] = Number.isFinite(value) ? sign * value : Infinity;
    }
    ordered.sort();
    for (const name in shares) {
      const place = (sign > 0 ? shares[name] : 1 - shares[name]) * (n - 1);
      const low = ordered[Math.floor(place)], high = ordered[Math.ceil(place)];
      const between = sign * (low + (place % 1) * (high - low));
      found[name][row] = Number.isFinite(high) ? between : sign < 0 ? NaN : Infinity;
    }
  }
  return found;
}

/** The row of a run that the sweep shows: its last, its best by the middle, or one by its epoch. */
export function rowAt(study, run, metric, at, epoch) {
  const last = run.start + run.steps - 1;
  if (at === "end") return last;
  let row = run.start;
  if (at === "best") {
    const { middle } = band(study, metric);
    const sign = metric.includes("accuracy") ? -1 : 1;
    for (let i = run.start; i <= last; i++) {
      if (sign * middle[i] < sign * middle[row] || !Number.isFinite(middle[row])) row = i;
    }
  } else {
    while (row < last && study.columns.epoch[row + 1] <= epoch) row++;
  }
  return row;
}

/** "0.9130 [0.9102, 0.9151]" of a metric in a row. */
export function words(study, metric, row) {
  const { low, middle, high } = band(study, metric);
  const [from, of, to] = [low, middle, high].map((column) => number(column[row]));
  const same = from === to && !Number.isFinite(low[row]);
  return study.seeds.length > 1 && !same ? `${of} [${from}, ${to}]` : of;
}

/** Four digits; what is not finite in words. */
export function number(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : "infinite";
  const size = Math.abs(value);
  return size && (size < 1e-3 || size >= 1e5)
    ? value.toExponential(3).replace("e+", "e")
    : String(Number(value.toPrecision(4)));
}

/** What is drawn of the seeds, in words. */
export function ofSeeds({ seeds, few }) {
  if (seeds.length === 1) return "one seed";
  return `median and ${seeds.length < few ? "range" : "10–90 %"} of ${seeds.length} seeds`;
}
