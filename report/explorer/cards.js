// A card for a run, as HTML: how it ended, its metrics, its weights, where it comes from.

import { columns, isKnown, label, metrics, reading, seeds, study, text } from "study";

// red, white and blue of ColorBrewer's RdBu, which are told apart without red and green
const RED = [178, 24, 43], WHITE = [247, 247, 247], BLUE = [33, 102, 172], GREY = [128, 128, 128];
const escape = (words) => words.replace(/[&<"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A status, each of its words with what it means on hover and focus. */
export const explained = (status) =>
  status.replace(/[a-z]+/g, (word) => {
    const meaning = escape(document.getElementById(`status-${word}`).textContent);
    return `<span class="word" tabindex="0" aria-description="${meaning}">${word}</span>`;
  });

/** A table of rows of HTML. */
export function tableOf(heads, rows) {
  const row = (tag, cells) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row("td", cells)).join("");
  return `<table><caption>${study.over}</caption><thead>${row("th", heads)}</thead>
    <tbody>${body}</tbody></table>`;
}

/** The card of a run at a row. */
export function cardOf(run, row) {
  const { step, epoch } = columns, { name } = run.optimizer;
  const heads = ["", `step ${step[row]}, epoch ${text(epoch[row])}`, `end, step ${step[run.end]}`];
  const rows = metrics.filter((metric) => isKnown(run, metric))
    .map((metric) => [label(metric), reading(metric, row), reading(metric, run.end)]);
  const facts = [...study.provenance[run.provenance], [`SHA-256 of ${run.trace}`, run.sha256]];
  const sizes = `studies.${study.study}.optimizers.${name.replace(/_average$/, "")}.step_sizes`;
  return `<article>
    <h3><span class="swatch" style="background:light-dark(${run.colours})"></span>
      ${name}, α = ${text(run.stepSize)}</h3>
    <p>${explained(run.status)}, gap ${text(run.gap ?? NaN, "", 2)}</p>
    ${study.weights && run.number !== null ? weightsOf(run, step[row]) : ""}
    ${tableOf(heads, rows)}
    <details><summary>Command and provenance</summary>
      <p>Makes this run, if it is missing or its code has changed:
        <code>snakemake --cores 1 ${run.trace}</code></p>
      <p>Another step size: add it to <code>${sizes}</code> in config.yaml, and run
        <code>snakemake --cores 1 ${study.study}</code></p>
      <dl>${facts.map(([key, fact]) => `<dt>${key}</dt><dd>${escape(fact)}</dd>`).join("")}</dl>
    </details></article>`;
}

/** A canvas for the weights at the moment before a step, and what it shows in words. */
function weightsOf({ number }, step) {
  const { classes, moments } = study.weights,
    { weights_step: steps, weights_scale: scale } = columns;
  let moment = (number + 1) * moments - 1;
  while (steps[moment] > step) moment--;
  const words = escape(`Weights of the classes ${classes.join(" ")} at step ${steps[moment]}, seed \
${seeds[0]}: blue for the class, red against it, grey not finite; the largest is \
±${text(scale[moment])}.`);
  return `<canvas data-moment="${moment}" role="img" aria-label="${words}"></canvas>
    <p class="note">${words}</p>`;
}

/** Draw the images of the weights of a moment, one for each class. */
export function drawWeights(canvas) {
  const { classes, shape: [height, width] } = study.weights, size = width * height;
  const across = Math.ceil(classes.length / (classes.length > 5 ? 2 : 1));
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
