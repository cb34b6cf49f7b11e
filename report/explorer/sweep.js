// The sweep: a metric against the step size, a mark for each run.

import { axisOf, colours, DASHES, draw, line, mark } from "./plot.js";
import { band, isShare, label, rowAt } from "./study.js";

const LIMITS = { near: [6, 4], from: [9, 3, 2, 3] }; // by the first word of where they hold

/** The runs of the optimizers that are shown and of which a metric is known. */
export function visible(study, state, metric) {
  const known = study.measured[metric];
  return study.runs.filter(({ optimizer }) =>
    known.has(optimizer) && !state.hidden.includes(optimizer)
  );
}

/** What the sweep shows: runs with their rows, and the axes. */
function sweepOf(study, state) {
  const { metric, at } = state, { columns, seeds } = study, n = seeds.length;
  const epoch = study.epochs[state.epoch];
  const shown = visible(study, state, metric).map((run) => ({
    run,
    row: rowAt(study, run, metric, at, epoch),
  }));
  const sound = shown.filter(({ run }) => !run.status.startsWith("diverged"));
  const values = (sound.length ? sound : shown).flatMap(({ row }) => [
    ...columns[metric].subarray(row * n, row * n + n),
  ]);
  if (metric === "objective" && study.optimum !== null) values.push(study.optimum);
  const stepSizes = axisOf(shown.map(({ run }) => run.stepSize), true);
  return {
    shown,
    x: { label: "step size α", ...stepSizes },
    y: { label: label(metric), ...axisOf(values, state.sweepLog, isShare(metric)) },
  };
}

/** Draw the sweep; the places of its runs, and the frame that draws. */
export function drawSweep(element, study, state, on) {
  const sweep = sweepOf(study, state), places = [];
  const chart = draw(element, {
    ...sweep,
    on,
    paint: (pen) => paintSweep(pen, study, state, sweep, places),
  });
  return { chart, places, axes: sweep };
}

function paintSweep(pen, study, state, { shown, y }, places) {
  const { ctx, ratio, frame } = pen, { ink, dark } = colours(), n = study.seeds.length;
  const { low, middle, high } = band(study, state.metric);
  const values = study.columns[state.metric];
  const top = frame.top + 6 * ratio, foot = frame.top + frame.height - 6 * ratio;
  const worst = state.metric.includes("accuracy") ? foot : top, chosen = new Set(state.chosen);
  const inside = (value) => value >= y.range[0] && value <= y.range[1];
  const yOf = (value) => {
    if (!Number.isFinite(value)) return worst;
    return inside(value) ? pen.y(value) : value > y.range[1] ? top : foot;
  };
  places.length = 0;
  ctx.save();
  pen.clip();
  ctx.lineWidth = ratio;
  study.optimizers.forEach((optimizer, shape) => {
    const own = shown.filter(({ run }) => run.optimizer === optimizer.name);
    if (!own.length) return;
    ctx.strokeStyle = ctx.fillStyle = ink;
    for (const [where, limit] of Object.entries(optimizer.limits)) {
      ctx.setLineDash(LIMITS[where.split(" ")[0]].map((dash) => dash * ratio));
      line(ctx, [pen.x(limit), pen.x(limit)], [frame.top, frame.top + frame.height]);
      if (study.optimizers.length > 1) {
        mark(ctx, shape, pen.x(limit), frame.top + frame.height - 8 * ratio, 3.5 * ratio);
      }
    }
    own.sort((a, b) => a.run.stepSize - b.run.stepSize);
    const xs = own.map(({ run }) => pen.x(run.stepSize));
    if (state.metric === "excess") {
      ctx.setLineDash([ratio, 3 * ratio]);
      ctx.lineWidth = 2 * ratio;
      line(ctx, xs, own.map(({ run }) => run.floor === null ? NaN : pen.y(run.floor)));
      ctx.lineWidth = ratio;
    }
    ctx.setLineDash(DASHES[shape % DASHES.length].map((dash) => dash * ratio));
    ctx.globalAlpha = 0.5;
    line(ctx, xs, own.map(({ row }) => inside(middle[row]) ? pen.y(middle[row]) : NaN));
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    own.forEach(({ run, row }, i) => {
      const x = xs[i], at = yOf(middle[row]);
      ctx.strokeStyle = ctx.fillStyle = run.colours[dark ? 1 : 0];
      ctx.globalAlpha = chosen.has(run.index) ? 1 : 0.3;
      if (n > 1) {
        line(ctx, [x, x], [yOf(low[row]), yOf(high[row])]);
        for (let seed = 0; seed < n; seed++) {
          mark(ctx, 0, x, yOf(values[row * n + seed]), 1.5 * ratio);
        }
      }
      if (inside(middle[row])) mark(ctx, shape, x, at, 5 * ratio);
      else cross(ctx, x, at, 5 * ratio, 2 * ratio);
      ctx.globalAlpha = 1;
      places.push({ run, row, x: (x - frame.left) / ratio, y: (at - frame.top) / ratio });
    });
  });
  if (state.metric === "objective" && study.optimum !== null) optimum(pen, study.optimum, ink);
  ctx.restore();
}

function cross(ctx, x, y, size, width) {
  ctx.lineWidth = width;
  line(ctx, [x - size, x + size], [y - size, y + size]);
  line(ctx, [x - size, x + size], [y + size, y - size]);
  ctx.lineWidth = width / 2;
}

/** A line at the least objective there is. */
export function optimum({ ctx, frame, y, ratio }, value, ink) {
  ctx.strokeStyle = ink;
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 4 * ratio]);
  line(ctx, [frame.left, frame.left + frame.width], [y(value), y(value)]);
  ctx.setLineDash([]);
}
