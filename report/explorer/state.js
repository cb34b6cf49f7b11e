// What the page shows, in plain values by the keys of its controls; alpha: the step size of the
// slider; chosen: names of runs. What is not as at first stands in the hash of the address.

import { rangeOf } from "plot";
import { columns, median, metrics, optimizers, prediction, runs, study } from "study";

const MANY = 3; // optimizers
const LOGS = ["sweepLog", "yLog", "xLog"];
const wide = Object.fromEntries(metrics.map((metric) => [metric, isWide(metric)]));

/** The state at first; axes are logarithmic as fits these metrics and this x. */
export function initial({ metric, curve, x } = {}) {
  const first = (...names) => names.find((name) => metrics.includes(name));
  metric ??= prediction ? "excess" : first("test_error", "excess", "test_loss", "objective");
  curve ??= first("excess", "objective");
  x ??= new Set(optimizers.map(({ batchSize }) => batchSize)).size > 1 ? "path" : "step";
  const ends = runs.map(({ end }) => columns[x]?.[end]), best = bestOf(optimizers[0].name);
  return {
    ...{ metric, at: "end", curve, x, part: "all", seeds: false, row: "", other: "" },
    ...{ optimizer: best.optimizer.name, alpha: best.stepSize, chosen: few() },
    ...{ sweepLog: wide[metric], yLog: wide[curve] },
    xLog: x === "path" || Math.max(...ends) > 30 * Math.min(...ends),
    ...Object.fromEntries(optimizers.map(({ name }) => [`show-${name}`, true])),
  };
}

/** Whether the medians of a metric are above 0 and far apart; rounding may leave F − F* below 0. */
function isWide(metric) {
  const medians = runs.flatMap(({ rows }) => rows.map((row) => median(metric, row))).filter(
    Number.isFinite,
  );
  const [low, high] = rangeOf(medians, true), negative = medians.some((value) => value < 0);
  return high > 6 * low && (metric === "excess" || !negative);
}

const runsOf = (name) => runs.filter(({ optimizer }) => optimizer.name === name);
export const namesOf = (runs) => runs.map(({ name }) => name).join();

/** The best run of an optimizer; where there is none, its first. */
export const bestOf = (name) =>
  runsOf(name).find(({ stepSize, optimizer }) => stepSize === optimizer.best) ?? runsOf(name)[0];

/** The run of an optimizer that is nearest to a step size. */
export function nearestRun(name, alpha) {
  const far = ({ stepSize }) => Math.abs(Math.log(stepSize / alpha));
  return runsOf(name).reduce((a, b) => far(b) < far(a) ? b : a);
}

/** The best run of each optimizer; of few optimizers those of the smallest and largest step size. */
export const few = () =>
  namesOf(optimizers.flatMap(({ name }) => {
    const own = runsOf(name), others = optimizers.length > MANY ? [] : [own[0], own.at(-1)];
    return [...new Set([bestOf(name), ...others])];
  }));

/** The hash of a state. */
export function toHash(state) {
  const first = initial(), fitting = initial(state);
  const plain = (key) => (LOGS.includes(key) ? fitting : first)[key];
  return new URLSearchParams(Object.entries(state).filter(([key, v]) => v !== plain(key)))
    .toString();
}

/** The state of a hash; what it does not know, or no longer, is as at first. */
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
