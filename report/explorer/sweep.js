// The sweep: a metric against the step size, with a mark for each run.

import { expected } from "expected";
import { axes, colour, down, line, mark, path, rangeOf, within } from "plot";
import { arrays, isKnown, isShare, label, median, minimum, ofSeeds, rowAt, text } from "study";
import { optimizers, prediction, runs, seeds, study } from "study";

export const MANY = 30; // largest number of curves with distinguishable colours and ranges
const POINTS = 120; // number of step sizes at which the prediction is computed
const SIGNS = { diverged: "×", oscillating: "~", plateau: "–", descending: "↘", converged: "✓" };

/** The runs of the shown optimizers that have values of a metric. */
export const visible = (view, metric) =>
  runs.filter((run) => view[`show-${run.optimizer.name}`] && isKnown(run, metric));

/** The sign of the status of most seeds, or "?". */
export function signOf({ status }) {
  const [word, count = "1/1"] = status.split(/[ ,]/), [some, all] = count.split("/");
  return 2 * some > all ? SIGNS[word] : "?";
}

/** The end of an axis of an unbounded metric: a multiple of its largest initial value. */
export function mostOf(metric, log) {
  const begun = runs.filter(({ start }) => arrays.step[start] === 0);
  const starts = begun.map(({ start }) => median(metric, start)).filter(Number.isFinite);
  return !isShare(metric) && (log ? 1000 : 3) * Math.max(0, ...starts) || Infinity;
}

/** The value of a metric where F − F* is 0; null if the metric is not the objective. */
export const baseOf = (metric) => ({ excess: 0, objective: minimum })[metric] ?? null;

/** Draw the sweep, and return the places of its marks and the axes. */
export function drawSweep(svg, view) {
  const { metric, sweepLog: log } = view;
  const shown = visible(view, metric).sort((a, b) => a.stepSize - b.stepSize);
  const rows = shown.map((run) =>
    view.at === "end" ? run.end : rowAt(run, view.epoch) ?? run.start
  );
  const values = rows.map((row) => Array.from(ofSeeds(metric, row)));
  const range = rangeOf(values.flat(), log, mostOf(metric, log));
  const x = { label: "step size α", range: study.stepSizes, log: true };
  const plot = axes(svg, { x, y: { label: label(metric), range, log, metric }, top: 42 });
  const places = shown.map((run, i) => {
    const middle = median(metric, rows[i]), y = within(plot.y, middle);
    const beyond = y !== plot.y.at(middle), each = values[i].map((v) => within(plot.y, v));
    return { run, row: rows[i], x: plot.x.at(run.stepSize), y, beyond, each };
  });
  const ofOptimizer = (optimizer) => places.filter(({ run }) => run.optimizer === optimizer);
  const tried = places.map(({ x }) => path("tried", `M${x} ${plot.frame.bottom}v-12`));
  const parts = view.blank ? tried : [
    ...optimizers.map((optimizer) => sweepOf(view, plot, optimizer, ofOptimizer(optimizer))),
    ...marks(places, view),
    signs(ofOptimizer(view.run.optimizer), view.run.optimizer.name, plot.frame),
    path("cursor", down(plot.x.at(view.alpha), plot.frame)),
  ];
  svg.innerHTML = plot.grid + parts.join("");
  return { ...plot, places: view.blank ? [] : places };
}

/** The SVG of an optimizer: predicted limits and F − F*, and seeds and medians of its runs. */
function sweepOf({ metric, at }, plot, optimizer, places) {
  if (!places.length) return "";
  const { x, frame } = plot, { name, limits } = optimizer;
  const parts = Object.entries(limits).map(([where, limit]) => {
    const kind = where.startsWith("near") ? "limit" : "limit anywhere";
    return path(kind, down(x.at(limit), frame), "", `Limit of ${name}, ${where}: ${text(limit)}`);
  });
  if (at === "end") parts.push(path("predicted", predicted(metric, plot, optimizer, places)));
  if (seeds.length > 1) {
    const range = ({ x, each }) => `M${x} ${Math.min(...each)}V${Math.max(...each)}`;
    const dots = places.flatMap(({ x, each }) => each.map((y) => `M${x} ${y.toFixed(1)}h0`));
    parts.push(path("range", places.map(range).join("")), path("seeds", dots.join("")));
  }
  parts.push(path("sweep", line(places.map((place) => [place.x, place.y]))));
  return `<g style="${colour(optimizer.colours)}">${parts.join("")}</g>`;
}

/** The path of the prediction after as many steps as the nearest run has. */
function predicted(metric, { x, y }, optimizer, places) {
  const base = baseOf(metric), points = base === null || !prediction ? 0 : POINTS;
  return line(Array.from({ length: points }, (_, i) => {
    const at = x.from + (x.to - x.from) * i / (POINTS - 1), far = (place) => Math.abs(place.x - at);
    const { run } = places.reduce((a, b) => far(b) < far(a) ? b : a),
      steps = [arrays.step[run.end]];
    const height = base + expected(prediction, optimizer, x.value(at), steps)[0];
    return height >= y.low && height <= y.high ? [at, y.at(height)] : null;
  }));
}

/** The marks of runs, with one path for all marks that look alike. A mark is filled with the colour
 of its curve if few curves are drawn, and a cross if it is beyond the axis. */
function marks(places, { run: current, chosen }) {
  const plain = places.length > 200 ? 3 : 5.5;
  const look = ({ run }) => {
    const { optimizer: { open, colours } } = run, drawn = chosen.has(run.name) || run === current;
    const fill = drawn && chosen.size <= MANY ? `fill:light-dark(${run.colours})` : "";
    const classes = `mark ${run === current ? "current" : ""} ${open ? "averaged" : ""}`;
    return `class="${classes}" style="${colour(colours)}${fill}"`;
  };
  const shape = ({ run, x, y, beyond }) => {
    const cross = `M${x - 5} ${y - 5}l10 10m0-10l-10 10`, size = run === current ? 8 : plain;
    return beyond ? cross : mark(run.optimizer.mark, x, y, size);
  };
  return [...Map.groupBy(places, look)].map(([look, own]) =>
    `<path ${look} d="${own.map(shape).join("")}"/>`
  );
}

/** The signs of the runs of an optimizer above their marks, without overlaps, and their label. */
function signs(places, name, frame) {
  let last = -Infinity;
  const row = places.map(({ run, x }) => {
    if (x - last < 9) return "";
    last = x;
    return `<text x="${x}" y="${frame.top - 8}" text-anchor="middle">${signOf(run)}</text>`;
  });
  const title = `<text x="${frame.left}" y="${frame.top - 28}">status of ${name}</text>`;
  return places.length ? title + row.join("") : "";
}
