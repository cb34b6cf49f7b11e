// The sweep: a metric against the step size, a mark for each run.

import { expected } from "expected";
import { axes, colour, down, line, mark, path, rangeOf, within } from "plot";
import { columns, isKnown, isShare, label, median, minimum, ofSeeds, rowAt, text } from "study";
import { optimizers, prediction, runs, seeds, study } from "study";

export const MANY = 30; // curves: of more, colours and ranges cannot be told apart
const POINTS = 120; // step sizes at which the prediction is computed
const SIGNS = { diverged: "×", oscillating: "~", plateau: "–", descending: "↘", converged: "✓" };

/** The runs that a plot of a metric may show. */
export const visible = (view, metric) =>
  runs.filter((run) => view[`show-${run.optimizer.name}`] && isKnown(run, metric));

/** The sign of the status of most seeds, "?" where there is none. */
export function signOf({ status }) {
  const [word, count = "1/1"] = status.split(/[ ,]/), [some, all] = count.split("/");
  return 2 * some > all ? SIGNS[word] : "?";
}

/** The largest value that an axis holds: of what has no bound, far beyond the start. */
export function mostOf(metric, log) {
  const begun = runs.filter(({ start }) => columns.step[start] === 0);
  const starts = begun.map(({ start }) => median(metric, start)).filter(Number.isFinite);
  return !isShare(metric) && (log ? 1000 : 3) * Math.max(0, ...starts) || Infinity;
}

/** What F − F* adds up to in this metric; null where it is no height of the objective. */
export const baseOf = (metric) => ({ excess: 0, objective: minimum })[metric] ?? null;

/** Draw the sweep; the places of its marks, and the axes. */
export function drawSweep(svg, view) {
  const { metric, sweepLog: log } = view;
  const shown = visible(view, metric).sort((a, b) => a.stepSize - b.stepSize);
  const rows = shown.map((run) =>
    view.at === "end" ? run.end : rowAt(run, view.epoch) ?? run.start
  );
  const values = rows.map((row) => Array.from(ofSeeds(metric, row)));
  const range = rangeOf(values.flat(), log, mostOf(metric, log));
  const x = { label: "step size α", range: study.stepSizes, log: true };
  const plot = axes(svg, { x, y: { label: label(metric), range, log, metric }, top: 26 });
  const places = shown.map((run, i) => {
    const middle = median(metric, rows[i]), y = within(plot.y, middle);
    const beyond = y !== plot.y.at(middle), each = values[i].map((v) => within(plot.y, v));
    return { run, row: rows[i], x: plot.x.at(run.stepSize), y, beyond, each };
  });
  const of = (optimizer) => places.filter(({ run }) => run.optimizer === optimizer);
  const tried = places.map(({ x }) => path("tried", `M${x} ${plot.frame.bottom}v-12`));
  const parts = view.blank ? tried : [
    ...optimizers.map((optimizer) => sweepOf(view, plot, optimizer, of(optimizer))),
    ...marks(places, view),
    signs(of(view.run.optimizer), plot),
    path("cursor", down(plot.x.at(view.alpha), plot.frame)),
  ];
  svg.innerHTML = plot.grid + parts.join("");
  return { ...plot, places: view.blank ? [] : places };
}

/** An optimizer: limits and F − F* as predicted, and the seeds and medians of its runs. */
function sweepOf({ metric, at }, plot, optimizer, own) {
  if (!own.length) return "";
  const { x, frame } = plot, { name, limits } = optimizer;
  const parts = Object.entries(limits).map(([where, limit]) => {
    const kind = where.startsWith("near") ? "limit" : "limit anywhere";
    return path(kind, down(x.at(limit), frame), "", `Limit of ${name}, ${where}: ${text(limit)}`);
  });
  if (at === "end") parts.push(path("predicted", predicted(metric, plot, optimizer, own)));
  if (seeds.length > 1) {
    const range = ({ x, each }) => `M${x} ${Math.min(...each)}V${Math.max(...each)}`;
    const dots = own.flatMap(({ x, each }) => each.map((y) => `M${x} ${y.toFixed(1)}h0`));
    parts.push(path("range", own.map(range).join("")), path("seeds", dots.join("")));
  }
  parts.push(path("sweep", line(own.map((place) => [place.x, place.y]))));
  return `<g style="${colour(optimizer.colours)}">${parts.join("")}</g>`;
}

/** The path of what is predicted of the ends of runs, after as many steps as the nearest run has. */
function predicted(metric, { x, y }, optimizer, own) {
  const base = baseOf(metric), points = base === null || !prediction ? 0 : POINTS;
  return line(Array.from({ length: points }, (_, i) => {
    const at = x.from + (x.to - x.from) * i / (POINTS - 1), far = (place) => Math.abs(place.x - at);
    const { run } = own.reduce((a, b) => far(b) < far(a) ? b : a), steps = [columns.step[run.end]];
    const height = base + expected(prediction, optimizer, x.value(at), steps)[0];
    return height >= y.low && height <= y.high ? [at, y.at(height)] : null;
  }));
}

/** The marks of runs, those that look alike in one path: filled with the colour of the run's curve
 if few are drawn; a cross beyond the axis. */
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

/** The signs of runs above their marks, as far as there is room. */
function signs(places, { frame }) {
  let last = -Infinity;
  return places.map(({ run, x }) => {
    if (x - last < 9) return "";
    last = x;
    return `<text x="${x}" y="${frame.top - 8}" text-anchor="middle">${signOf(run)}</text>`;
  }).join("");
}
