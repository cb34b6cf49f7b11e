// The state of the page: plain values by the keys of its controls; alpha: the step size of the
// slider; chosen: names of runs. Values that differ from the initial state are in the URL hash.

import { rangeOf } from "plot";
import { arrays, median, metrics, optimizers, prediction, runs, study } from "study";

const MANY = 3; // optimizers of which more than the best run is drawn at first
const LOGS = ["sweepLog", "yLog", "xLog"];
const wide = Object.fromEntries(metrics.map((metric) => [metric, isWide(metric)]));

/** The initial state, with axes that suit these metrics and this x. */
export function initial({ metric, curve, x } = {}) {
  const first = (...names) => names.find((name) => metrics.includes(name));
  metric ??= prediction ? "excess" : first("test_error", "excess", "test_loss", "objective");
  curve ??= first("excess", "objective");
  x ??= new Set(optimizers.map(({ batchSize }) => batchSize)).size > 1 ? "path" : "step";
  const ends = runs.map(({ end }) => arrays[x]?.[end]), best = bestOf(optimizers[0].name);
  return {
    ...{ metric, at: "end", curve, x, part: "all", seeds: false, row: "", other: "" },
    ...{ optimizer: best.optimizer.name, alpha: best.stepSize, chosen: few() },
    ...{ sweepLog: wide[metric], yLog: wide[curve] },
    xLog: x === "path" || Math.max(...ends) > 30 * Math.min(...ends),
    ...Object.fromEntries(optimizers.map(({ name }) => [`show-${name}`, true])),
  };
}

/** Whether the medians of a metric are positive (F − F* up to rounding) and far apart. */
function isWide(metric) {
  const medians = runs.flatMap(({ rows }) => rows.map((row) => median(metric, row))).filter(
    Number.isFinite,
  );
  const [low, high] = rangeOf(medians, true), negative = medians.some((value) => value < 0);
  return high > 6 * low && (metric === "excess" || !negative);
}

const runsOf = (name) => runs.filter(({ optimizer }) => optimizer.name === name);
export const namesOf = (runs) => runs.map(({ name }) => name).join();

/** The best run of an optimizer, or its first if none is best. */
export const bestOf = (name) =>
  runsOf(name).find(({ stepSize, optimizer }) => stepSize === optimizer.best) ?? runsOf(name)[0];

/** The run of an optimizer with the step size nearest to alpha. */
export function nearestRun(name, alpha) {
  const far = ({ stepSize }) => Math.abs(Math.log(stepSize / alpha));
  return runsOf(name).reduce((a, b) => far(b) < far(a) ? b : a);
}

/** The best run of each optimizer and, of few optimizers, the smallest and largest step size. */
export const few = () =>
  namesOf(optimizers.flatMap(({ name }) => {
    const all = runsOf(name), others = optimizers.length > MANY ? [] : [all[0], all.at(-1)];
    return [...new Set([bestOf(name), ...others])];
  }));

/** The URL hash of a state. */
export function toHash(state) {
  const first = initial(), fitting = initial(state);
  const plain = (key) => (LOGS.includes(key) ? fitting : first)[key];
  return new URLSearchParams(Object.entries(state).filter(([key, v]) => v !== plain(key)))
    .toString();
}

/** The state of a URL hash, without unknown keys and values. */
export function fromHash(hash) {
  const given = new URLSearchParams(hash), [low, high] = study.stepSizes;
  for (const select of document.querySelectorAll("select[data-key]")) {
    const { key } = select.dataset, known = [...select.options].map(({ value }) => value);
    if (!known.includes(given.get(key))) given.delete(key);
  }
  if (!/^\d+$/.test(given.get("row"))) given.delete("row");
  const state = initial(Object.fromEntries(given)), alpha = Number(given.get("alpha"));
  for (const key of Object.keys(state).filter((key) => given.has(key))) {
    const value = given.get(key), kind = typeof state[key];
    if (kind === "string") state[key] = value;
    else if (kind === "boolean" && /^(true|false)$/.test(value)) state[key] = value === "true";
  }
  const chosen = given.get("chosen"), names = chosen?.split(",");
  const known = runs.filter(({ name }) => names?.includes(name));
  state.chosen = known.length || chosen === "" ? namesOf(known) : few();
  state.alpha = alpha >= low && alpha <= high ? alpha : bestOf(state.optimizer).stepSize;
  return state;
}
