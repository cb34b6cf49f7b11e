// The card of a run, as HTML: status, metrics, weights, command and provenance.

import { arrays, inText, isKnown, label, metrics, reading, seeds, study, text } from "study";

// ColorBrewer's RdBu, which colour-blind readers can distinguish
const RED = [178, 24, 43], WHITE = [247, 247, 247], BLUE = [33, 102, 172], GREY = [128, 128, 128];
const escape = (text) => text.replace(/[&<"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A status as HTML, whose words are explained on hover and focus. */
export const explained = (status) =>
  status.replace(/[a-z]+/g, (word) => {
    const meaning = escape(document.getElementById(`status-${word}`).textContent);
    return `<span class="word" tabindex="0" aria-description="${meaning}">${word}</span>`;
  });

/** A table, as HTML, of cells that are HTML. */
export function tableOf(heads, rows) {
  const row = (tag, cells) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row("td", cells)).join("");
  return `<table><caption>${study.over}</caption><thead>${row("th", heads)}</thead>
    <tbody>${body}</tbody></table>`;
}

/** The card of a run at a row. */
export function cardOf(run, row) {
  const { step, epoch } = arrays, { name } = run.optimizer;
  const shown = row === run.end ? [row] : [row, run.end];
  const at = (row) => `step ${step[row]}, epoch ${text(epoch[row])}`;
  const heads = ["", ...shown.map((row) => `${row === run.end ? "end, " : ""}${at(row)}`)];
  const rows = metrics.filter((metric) => isKnown(run, metric)).map(inText)
    .map((metric) => [label(metric), ...shown.map((row) => reading(metric, row))]);
  const facts = [...study.provenance[run.provenance], [`SHA-256 of ${run.trace}`, run.sha256]];
  const sizes = `studies.${study.study}.optimizers.${name.replace(/_average$/, "")}.step_sizes`;
  return `<article>
    <h3><span class="swatch" style="background:light-dark(${run.colours})"></span>
      ${name}, α = ${text(run.stepSize)}</h3>
    <p>${explained(run.status)}, gap ${text(run.gap ?? NaN, "", 2)}</p>
    ${study.weights && run.number !== null ? weightsOf(run, step[row]) : ""}
    ${tableOf(heads, rows)}
    <details><summary>Command and provenance</summary>
      <p>To rerun it if it is missing or its code has changed:
        <code>snakemake --cores 1 ${run.trace}</code></p>
      <p>To try another step size, add it to <code>${sizes}</code> in config.yaml and run
        <code>snakemake --cores 1 ${study.study}</code></p>
      <dl>${facts.map(([key, fact]) => `<dt>${key}</dt><dd>${escape(fact)}</dd>`).join("")}</dl>
    </details></article>`;
}

/** A canvas for the weights at the last moment up to a step, with a description. */
function weightsOf({ number }, step) {
  const { classes, moments } = study.weights,
    { weights_step: steps, weights_scale: scale } = arrays;
  let moment = (number + 1) * moments - 1;
  while (steps[moment] > step) moment--;
  const description = escape(`Weights of the classes ${classes.join(" ")} at step \
${steps[moment]}, seed ${seeds[0]}: blue is evidence for the class, red against it, grey is not \
finite; the largest weight is ±${text(scale[moment])}.`);
  return `<canvas data-moment="${moment}" role="img" aria-label="${description}"></canvas>
    <p class="note">${description}</p>`;
}

/** Draw the weights of a moment, an image for each class. */
export function drawWeights(canvas) {
  const { classes, shape: [height, width] } = study.weights, size = width * height;
  const across = Math.ceil(classes.length / (classes.length > 5 ? 2 : 1));
  canvas.width = across * (width + 1) - 1;
  canvas.height = Math.ceil(classes.length / across) * (height + 1) - 1;
  const pen = canvas.getContext("2d");
  classes.forEach((_, i) => {
    const start = (canvas.dataset.moment * classes.length + i) * size;
    const image = pen.createImageData(width, height);
    arrays.weights.subarray(start, start + size).forEach((grey, pixel) => {
      const share = Math.abs((grey - 128) / 127) ** 0.7, end = grey < 128 ? RED : BLUE;
      const mixed = WHITE.map((white, k) => white + share * (end[k] - white));
      image.data.set([...(grey ? mixed : GREY), 255], 4 * pixel); // 0: not finite
    });
    pen.putImageData(image, (i % across) * (width + 1), Math.floor(i / across) * (height + 1));
  });
}
