// A card for a run, as HTML: how it ended, its metrics, its weights, where it comes from.

import { isKnown, label, reading, text } from "study";

/** A text as HTML may hold it. */
export const html = (words) => `${words}`.replace(/[&<"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A status, each of its words with what it means on hover and focus. */
export const explained = (status) =>
  status.replace(/[a-z]+/g, (word) => {
    const meaning = document.getElementById(`status-${word}`).textContent;
    return `<span class="word" tabindex="0" aria-description="${html(meaning)}">${word}</span>`;
  });

/** A table of rows of HTML, the first value of each its head. */
export function tableOf(caption, heads, rows) {
  const body = rows.map(([head, ...values]) =>
    `<tr><th scope="row">${head}</th>${values.map((value) => `<td>${value}</td>`).join("")}</tr>`
  );
  const head = heads.map((words) => `<th>${words}</th>`).join("");
  return `<table><caption>${caption}</caption><thead><tr>${head}</tr></thead>
    <tbody>${body.join("")}</tbody></table>`;
}

/** The card of a run at a row. */
export function cardOf(study, run, row) {
  const { step, epoch } = study.columns,
    { name } = run.optimizer,
    known = (m) => isKnown(study, run, m);
  const heads = ["", `step ${step[row]}, epoch ${text(epoch[row])}`, `end, step ${step[run.end]}`];
  const rows = study.metrics.filter(known).map((
    metric,
  ) => [label(metric), ...[row, run.end].map((at) => reading(study, metric, at))]);
  const facts = [...study.provenance[run.provenance], [`SHA-256 of ${run.trace}`, run.sha256]];
  const sizes = `studies.${study.study}.optimizers.${name.replace(/_average$/, "")}.step_sizes`;
  return `<article>
    <h3><span class="swatch" style="background:light-dark(${run.colours})"></span>
      ${name}, α = ${Number(run.label)}</h3>
    <p>${explained(run.status)}, gap ${run.gap === null ? "not finite" : text(run.gap, "", 2)}</p>
    ${study.weights && run.number !== null ? weightsOf(study, run, step[row]) : ""}
    ${tableOf(study.over, heads, rows)}
    <details><summary>Command and provenance</summary>
      <p>Makes this run, if it is missing or its code has changed:
        <code>snakemake --cores 1 ${run.trace}</code></p>
      <p>Another step size: add it to <code>${sizes}</code> in config.yaml, and run
        <code>snakemake --cores 1 ${study.study}</code></p>
      <dl>${facts.map(([key, fact]) => `<dt>${key}</dt><dd>${html(fact)}</dd>`).join("")}</dl>
    </details></article>`;
}

/** A canvas for the weights at the moment before a step, and what it shows in words. */
function weightsOf({ columns, weights: { classes, moments }, seeds }, { number }, step) {
  let moment = number * moments;
  const last = moment + moments - 1;
  while (moment < last && columns.weights_step[moment + 1] <= step) moment++;
  const words = html(`Weights of the classes ${classes.join(" ")} at step \
${columns.weights_step[moment]}, seed ${seeds[0]}: blue for the class, red against it, white \
nothing, grey not finite; the largest is ±${text(columns.weights_scale[moment])}.`);
  return `<canvas data-moment="${moment}" role="img" aria-label="${words}"></canvas>
    <p class="note">${words}</p>`;
}

// red, white and blue of ColorBrewer's RdBu, which are told apart without red and green
const RED = [178, 24, 43], WHITE = [247, 247, 247], BLUE = [33, 102, 172], GREY = [128, 128, 128];

/** Draw the images of the weights of a moment, one for each class. */
export function drawWeights({ columns, weights: { classes, shape: [height, width] } }, canvas) {
  const across = Math.ceil(classes.length / (classes.length > 5 ? 2 : 1)), size = width * height;
  canvas.width = across * (width + 1) - 1;
  canvas.height = Math.ceil(classes.length / across) * (height + 1) - 1;
  const pen = canvas.getContext("2d");
  classes.forEach((_, i) => {
    const start = (canvas.dataset.moment * classes.length + i) * size;
    const image = pen.createImageData(width, height);
    columns.weights.subarray(start, start + size).forEach((grey, pixel) => {
      const share = Math.abs((grey - 128) / 127) ** 0.7, end = grey < 128 ? RED : BLUE;
      const mixed = WHITE.map((white, k) => white + share * (end[k] - white));
      image.data.set([...(grey ? mixed : GREY), 255], 4 * pixel); // 0: not finite
    });
    pen.putImageData(image, (i % across) * (width + 1), Math.floor(i / across) * (height + 1));
  });
}
