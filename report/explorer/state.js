// What the page shows, in plain values by the keys of its controls; alpha: the step size of the
// slider; chosen: names of runs. What is not as at first stands in the hash of the address.

const FEW = 7; // curves at first
const LOGS = ["sweepLog", "yLog", "xLog"];

/** The state at first; axes are logarithmic as fits these metrics and this x. */
export function initial(study, { metric, curve, x } = {}) {
  const { metrics, optimizers, columns, runs } = study;
  const first = (...names) => names.find((name) => metrics.includes(name));
  metric ??= study.prediction ? "excess" : first("test_error", "excess", "test_loss", "objective");
  curve ??= first("excess", "objective");
  x ??= new Set(optimizers.map(({ batchSize }) => batchSize)).size > 1 ? "path" : "step";
  const ends = runs.map(({ end }) => columns[x]?.[end]), best = bestOf(study, optimizers[0].name);
  return {
    ...{ metric, at: "end", curve, x, part: "all", seeds: false, row: "", other: "" },
    ...{ optimizer: best.optimizer.name, alpha: best.stepSize, chosen: few(study) },
    ...{ sweepLog: isWide(study, metric), yLog: isWide(study, curve) },
    xLog: x === "path" || Math.max(...ends) > 30 * Math.min(...ends),
    ...Object.fromEntries(optimizers.map(({ name }) => [`show-${name}`, true])),
  };
}

/** Whether the medians of a metric are above 0 and far apart. */
function isWide({ wide, columns, width }, metric) {
  if (metric in wide) return wide[metric];
  let [low, high, least] = [Infinity, 0, Infinity];
  for (let i = 1; i < columns[metric].length; i += width) {
    const value = columns[metric][i];
    least = Math.min(least, value);
    if (value > 0) low = Math.min(low, value);
    if (value < Infinity) high = Math.max(high, value);
  }
  return wide[metric] = high > 5 * low && (metric === "excess" || least >= 0);
}

const runsOf = ({ runs }, name) => runs.filter(({ optimizer }) => optimizer.name === name);
export const namesOf = (runs) => runs.map(({ name }) => name).join();

/** The best run of an optimizer; where there is none, its first. */
export function bestOf(study, name) {
  const runs = runsOf(study, name);
  return runs.find(({ stepSize, optimizer }) => stepSize === optimizer.best) ?? runs[0];
}

/** The run of an optimizer that is nearest to a step size. */
export function nearestRun(study, name, alpha) {
  const far = ({ stepSize }) => Math.abs(Math.log(stepSize / alpha));
  return runsOf(study, name).reduce((a, b) => far(b) < far(a) ? b : a);
}

/** Few runs of each optimizer: its best, and others from the smallest to the largest. */
export function few(study) {
  const count = Math.max(1, Math.floor(FEW / study.optimizers.length)) - 1;
  return namesOf(study.optimizers.flatMap(({ name }) => {
    const best = bestOf(study, name), others = runsOf(study, name).filter((run) => run !== best);
    const last = others.length - 1,
      place = (i) => Math.round(last * (count > 1 ? i / (count - 1) : 1));
    const places = new Set(Array.from({ length: count }, (_, i) => place(i)));
    return [best, ...others.filter((_, i) => places.has(i))];
  }));
}

/** The hash of a state. */
export function toHash(study, state) {
  const first = initial(study), fitting = initial(study, state);
  const plain = (key) => (LOGS.includes(key) ? fitting : first)[key];
  const changed = Object.entries(state).filter(([key, value]) => value !== plain(key));
  return new URLSearchParams(changed).toString();
}

/** The state of a hash; what it does not know, or no longer, is as at first. */
export function fromHash(study, hash) {
  const given = new URLSearchParams(hash),
    [low, high] = study.stepSizes,
    chosen = given.get("chosen");
  for (const [key, value] of [...given]) {
    const options = [...document.querySelectorAll(`select[data-key="${CSS.escape(key)}"] option`)];
    if (options.length && !options.some((option) => option.value === value)) given.delete(key);
  }
  const state = initial(study, Object.fromEntries(given)), alpha = Number(given.get("alpha"));
  for (const key of Object.keys(state).filter((key) => given.has(key))) {
    const value = given.get(key), plain = typeof state[key];
    if (plain === "boolean") {
      state[key] = /^(true|false)$/.test(value) ? value === "true" : state[key];
    } else if (plain === "string" && (key !== "row" || /^\d+$/.test(value))) state[key] = value;
  }
  const known = study.runs.filter(({ name }) => chosen?.split(",").includes(name));
  state.chosen = known.length || chosen === "" ? namesOf(known) : few(study);
  if (!given.has("alpha")) state.alpha = bestOf(study, state.optimizer).stepSize;
  else if (alpha >= low && alpha <= high) state.alpha = alpha;
  return state;
}
