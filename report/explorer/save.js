// What a button saves: the drawn numbers as CSV, the drawing as PNG.

import { colours } from "./plot.js";

const plain = (value) =>
  Number.isNaN(value) ? "nan" : Number.isFinite(value) ? Number(value.toPrecision(9)) : "inf";

/** A row for each run, seed and step that is drawn, with the columns of traces.csv. */
export function csvOf(study, metric, rows) {
  const { columns, seeds } = study, n = seeds.length;
  const lines = [["study", "optimizer", "step_size", "seed", "step", "epoch", metric]];
  for (const { run, row } of rows) {
    seeds.forEach((seed, i) => {
      const value = plain(columns[metric][row * n + i]);
      const place = [columns.step[row], plain(columns.epoch[row])];
      lines.push([study.study, run.optimizer, run.label, seed, ...place, value]);
    });
  }
  return lines.map((line) => `${line.join()}\n`).join("");
}

/** The rows that the curves draw. */
export function rowsOfCurves(runs) {
  return runs.flatMap((run) =>
    Array.from({ length: run.steps }, (_, i) => ({ run, row: run.start + i }))
  );
}

/** The drawing on its ground, with a title above and the names of the runs below. */
export function pngOf(canvas, title, runs) {
  const { ink, ground, dark } = colours(), ratio = devicePixelRatio;
  const width = canvas.width / ratio, columns = Math.max(1, Math.floor(width / 130));
  const lines = Math.ceil(runs.length / columns), above = 30, each = 18;
  const picture = document.createElement("canvas");
  picture.width = canvas.width;
  picture.height = canvas.height + (above + lines * each + 8) * ratio;
  const ctx = picture.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, width, picture.height / ratio);
  ctx.fillStyle = ink;
  ctx.font = "600 14px system-ui, sans-serif";
  ctx.fillText(title, 12, 20);
  ctx.drawImage(canvas, 0, above, width, canvas.height / ratio);
  ctx.font = "12px system-ui, sans-serif";
  runs.forEach((run, i) => {
    const x = 12 + (i % columns) * 130,
      y = above + canvas.height / ratio + Math.floor(i / columns) * each + 10;
    ctx.fillStyle = run.colours[dark ? 1 : 0];
    ctx.fillRect(x, y - 5, 14, 4);
    ctx.fillStyle = ink;
    ctx.fillText(run.name, x + 20, y + 1, 106);
  });
  return new Promise((resolve) => picture.toBlob(resolve));
}

/** Offer a file. */
export function offer(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
