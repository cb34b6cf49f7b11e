// The curves: a metric of the chosen runs against steps, epochs, or the way α t.

import { axisOf, colours, DASHES, draw, line } from "./plot.js";
import { band, isShare, label } from "./study.js";
import { optimum, visible } from "./sweep.js";

export const ALONG = { step: "step", epoch: "epoch", path: "step size × steps, α t" };

const RANGES = 60; // runs: of more, ranges would cover each other

/** The place of each row on the axis. */
export function along({ runs, columns }, kind) {
  if (kind !== "path") return columns[kind];
  const way = new Float64Array(columns.step.length);
  for (const { start, steps, stepSize } of runs) {
    for (let row = start; row < start + steps; row++) way[row] = stepSize * columns.step[row];
  }
  return way;
}

/** What the curves show: runs, the place of each row, and the axes. */
function curvesOf(study, state) {
  const shown = new Set(visible(study, state, state.curve));
  const runs = state.chosen.map((index) => study.runs[index]).filter((run) => shown.has(run));
  const xs = along(study, state.x), { middle } = band(study, state.curve);
  const part = ({ start, steps }, column) => column.subarray(start, start + steps);
  const sound = runs.filter((run) => !run.status.startsWith("diverged"));
  const heights = (sound.length ? sound : runs).flatMap((run) => [...part(run, middle)]);
  if (!sound.length) heights.splice(0, heights.length, ...runs.map((run) => middle[run.start]));
  if (state.curve === "objective" && study.optimum !== null) heights.push(study.optimum);
  const ends = runs.map((run) => xs[run.start + run.steps - 1]);
  const firsts = runs.map((run) => xs[run.start + behindZero(run, xs)]);
  const right = Math.max(...ends, firsts.length ? 0 : 1);
  const x = { label: ALONG[state.x], log: state.xLog };
  x.range = state.xLog ? [Math.min(...firsts, right), right] : [0, right];
  const y = { label: label(state.curve), ...axisOf(heights, state.yLog, isShare(state.curve)) };
  const { zoom } = state, fits = (log, low) => !log || low > 0;
  if (zoom && fits(x.log, zoom[0]) && fits(y.log, zoom[2])) {
    [x.range, y.range] = [zoom.slice(0, 2), zoom.slice(2)];
  }
  return { runs, xs, x, y };
}

/** How many rows of a run a logarithmic axis does not have: the start, but not of averages. */
const behindZero = ({ start }, xs) => xs[start] > 0 ? 0 : 1;

/** Draw the curves; the places of their points, and the frame that draws. */
export function drawCurves(element, study, state, on) {
  const curves = curvesOf(study, state), places = [];
  const paints = (pen) => paintCurves(pen, study, state, curves, places);
  return { chart: draw(element, { ...curves, on, paint: paints }), places, axes: curves };
}

function paintCurves(pen, study, state, { runs, xs }, places) {
  const { ctx, ratio, frame } = pen, { ink, dark } = colours(), n = study.seeds.length;
  const { low, middle, high } = band(study, state.curve);
  const values = study.columns[state.curve], { expected } = study.columns;
  const predicts = { excess: 0, objective: study.optimum }[state.curve] ?? null;
  places.length = 0;
  ctx.save();
  pen.clip();
  ctx.lineJoin = "bevel";
  const pinned = new Set(state.pins);
  for (const run of runs) {
    const from = run.start + (state.xLog ? behindZero(run, xs) : 0);
    const count = run.start + run.steps - from;
    const at = Array.from({ length: count }, (_, i) => pen.x(xs[from + i]));
    const heights = (column, of = 1, seed = 0) =>
      at.map((_, i) => pen.y(column[(from + i) * of + seed]));
    ctx.strokeStyle = ctx.fillStyle = run.colours[dark ? 1 : 0];
    ctx.setLineDash([]);
    if (n > 1 && state.seeds) {
      ctx.globalAlpha = 0.45;
      ctx.lineWidth = 0.6 * ratio;
      for (let seed = 0; seed < n; seed++) line(ctx, at, heights(values, n, seed));
    } else if (n > 1 && runs.length <= RANGES) {
      ctx.globalAlpha = 0.16;
      fill(ctx, at, heights(low), heights(high), frame);
    }
    ctx.globalAlpha = 1;
    ctx.lineWidth = (pinned.has(run.index) ? 3 : runs.length > RANGES ? 1 : 1.6) * ratio;
    ctx.setLineDash(DASHES[run.shape % DASHES.length].map((dash) => dash * ratio));
    const of = heights(middle);
    line(ctx, at, of);
    if (predicts !== null) {
      ctx.setLineDash([ratio, 3 * ratio]);
      ctx.lineWidth = 2 * ratio;
      line(ctx, at, at.map((_, i) => pen.y(predicts + expected[from + i])));
    }
    if (state.curve === "curvature" && Number.isFinite(middle[run.start])) {
      ctx.setLineDash([ratio, 3 * ratio]);
      line(ctx, [at[0], at.at(-1)], [pen.y(2 / run.stepSize), pen.y(2 / run.stepSize)]);
    }
    at.forEach((x, i) => {
      const place = { run, row: from + i, x: (x - frame.left) / ratio };
      places.push({ ...place, y: (of[i] - frame.top) / ratio });
    });
  }
  if (predicts) optimum(pen, study.optimum, ink);
  ctx.restore();
}

/** The range between two lines, as far as the frame where one of them is not finite. */
function fill(ctx, xs, low, high, { top, height }) {
  const or = (y, edge) => Number.isFinite(y) ? y : edge;
  for (let from = 0, to = 0; from < xs.length; from = ++to) {
    while (to < xs.length && (Number.isFinite(low[to]) || Number.isFinite(high[to]))) to++;
    ctx.beginPath();
    for (let i = from; i < to; i++) ctx.lineTo(xs[i], or(low[i], top + height));
    for (let i = to - 1; i >= from; i--) ctx.lineTo(xs[i], or(high[i], top));
    ctx.fill();
  }
}
