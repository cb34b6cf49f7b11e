// The data of the study: runs, metrics, and the text of their values.

const textOf = (id) => document.getElementById(id).textContent;
export const study = JSON.parse(textOf("metadata"));
export const { runs, optimizers, seeds, metrics, prediction, minimum } = study;
export const arrays = await unpack(study.arrays, textOf("arrays"));
const width = 3 + seeds.length; // of a row of a metric: low, median, high, then the seeds

let start = 0;
for (const run of runs) {
  run.optimizer = optimizers[run.optimizer];
  run.name = `${run.optimizer.name} ${run.label}`;
  run.rows = Array.from({ length: run.steps }, (_, i) => start + i);
  Object.assign(run, { start, end: start + run.steps - 1 });
  start += run.steps;
}

async function unpack(layout, base64) {
  const text = atob(base64), zipped = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) zipped[i] = text.charCodeAt(i);
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const types = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }, unpacked = {};
  let start = 0;
  for (const [name, type, length] of layout) {
    const end = start + types[type].BYTES_PER_ELEMENT * length;
    unpacked[name] = new types[type](buffer.slice(start, end));
    start = end;
  }
  return unpacked;
}

/** Low, median and high over the seeds of a metric at a row, and the value of each seed. */
export const band = (metric, row) => arrays[metric].subarray(row * width, row * width + 3);
export const ofSeeds = (metric, row) => arrays[metric].subarray(row * width + 3, (row + 1) * width);
export const median = (metric, row) => arrays[metric][row * width + 1];

/** Whether a run has values of a metric: only full batches have the curvature. */
export const isKnown = ({ rows }, metric) => rows.some((row) => !Number.isNaN(median(metric, row)));

/** The last row of a run up to an epoch. */
export const rowAt = ({ rows }, epoch) => rows.findLast((row) => arrays.epoch[row] <= epoch);

const LABELS = { excess: "suboptimality F − F*", objective: "objective F" };
Object.assign(LABELS, { curvature: "curvature λ_max", gradient_norm: "gradient norm ‖∇F‖" });

/** The label of a metric. */
export function label(metric) {
  const [, optimum, name] = metric.match(/^(optimum_)?distance_(.*)$/) ?? [];
  if (name) return `distance ‖${name} − ${name}${optimum ? "*" : "_T"}‖`;
  return LABELS[metric] ?? metric.replaceAll("_", " ");
}

export const isShare = (metric) => /_(error|accuracy)$/.test(metric);

/** A metric for text: plots show errors, for their logarithmic axis, and text shows accuracies. */
export const inText = (metric) => metric.replace("_error", "_accuracy");

/** A value of a metric: a share in percent, other values with four digits. */
export function text(value, metric = "", digits = 4) {
  if (!Number.isFinite(value)) return "not finite";
  if (isShare(metric)) return `${Number((100 * value).toFixed(2))} %`;
  const size = Math.abs(value), short = value.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  return size && (size < 1e-3 || size >= 1e5) ? short : `${Number(value.toPrecision(digits))}`;
}

/** The value of a metric at a row as text: "11.4 % (10.8 % to 17.9 %)". */
export function reading(metric, row) {
  let values = [...band(metric.replace("_accuracy", "_error"), row)];
  if (metric.endsWith("_accuracy")) values = values.map((error) => 1 - error).reverse();
  const [low, middle, high] = values.map((value) => text(value, metric));
  return seeds.length > 1 && low !== high ? `${middle} (${low} to ${high})` : middle;
}
