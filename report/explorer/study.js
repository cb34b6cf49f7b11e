// What the page knows of its study: runs, metrics, and their values as a person reads them.

const held = (id) => document.getElementById(id).textContent;
export const study = JSON.parse(held("words"));
export const { runs, optimizers, seeds, metrics, prediction, minimum } = study;
export const columns = await unpack(study.columns, held("columns"));
const width = 3 + seeds.length; // of a metric's rows: low, median, high, then the seeds

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
  const kinds = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }, found = {};
  let start = 0;
  for (const [name, type, length] of layout) {
    const end = start + kinds[type].BYTES_PER_ELEMENT * length;
    found[name] = new kinds[type](buffer.slice(start, end));
    start = end;
  }
  return found;
}

/** Low, median and high over the seeds of a metric in a row; the value of each seed. */
export const band = (metric, row) => columns[metric].subarray(row * width, row * width + 3);
export const ofSeeds = (metric, row) =>
  columns[metric].subarray(row * width + 3, (row + 1) * width);
export const median = (metric, row) => columns[metric][row * width + 1];

/** Whether a metric is known of a run: the curvature is of full batches only. */
export const isKnown = ({ rows }, metric) => rows.some((row) => !Number.isNaN(median(metric, row)));

/** The last row of a run up to an epoch. */
export const rowAt = ({ rows }, epoch) => rows.findLast((row) => columns.epoch[row] <= epoch);

const LABELS = { excess: "suboptimality F − F*", objective: "objective F" };
Object.assign(LABELS, { curvature: "curvature λ_max", gradient_norm: "gradient norm ‖∇F‖" });

/** A metric as a person writes it. */
export function label(metric) {
  const [, optimum, name] = metric.match(/^(optimum_)?distance_(.*)$/) ?? [];
  if (name) return `distance ‖${name} − ${name}${optimum ? "*" : "_T"}‖`;
  return LABELS[metric] ?? metric.replaceAll("_", " ");
}

export const isShare = (metric) => metric.endsWith("_error");

/** A value of a metric: a share in percent, else four digits; what is not finite in words. */
export function text(value, metric = "", digits = 4) {
  if (!Number.isFinite(value)) return "not finite";
  if (isShare(metric)) return `${Number((100 * value).toFixed(2))} %`;
  const size = Math.abs(value), short = value.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  return size && (size < 1e-3 || size >= 1e5) ? short : `${Number(value.toPrecision(digits))}`;
}

/** "11.4 % (10.8 % to 17.9 %)" of a metric in a row. */
export function reading(metric, row) {
  const [low, middle, high] = Array.from(band(metric, row), (value) => text(value, metric));
  return seeds.length > 1 && low !== high ? `${middle} (${low} to ${high})` : middle;
}
