// How far above its minimum the objective is expected to be, F − F*, at any step size: the formulas
// of scripts/descent/theory/expected.py. A spectrum is a list of curvatures h and one of weights w.

/** What is left of the start after some steps: ½ Σ h w (1 − αh)²ᵗ. */
export function fromStart([curvatures, weights], stepSize, step) {
  const left = (h, i) => h * weights[i] / 2 * (1 - stepSize * h) ** (2 * step);
  return curvatures.reduce((sum, h, i) => sum + left(h, i), 0);
}

/** What the noise of batches has added after some steps, with epochs of so many samples. */
export function fromNoise([curvatures, weights], stepSize, step, batchSize, samples, shuffled) {
  const stepsPerEpoch = Math.ceil(samples / batchSize), within = step % stepsPerEpoch;
  const lastBatch = samples - (stepsPerEpoch - 1) * batchSize;
  const variance = (a, count) => { // V of the first steps of an epoch
    const smaller = count === stepsPerEpoch ? 1 / lastBatch - 1 / batchSize : 0;
    const alone = geometric(a * a, count) / batchSize + smaller;
    const together = geometric(a, count) ** 2 / samples;
    if (!shuffled) return alone;
    return Math.max(alone - together, 0) * samples / Math.max(samples - 1, 1);
  };
  const added = (h, i) => {
    const a = 1 - stepSize * h, epochs = Math.floor(step / stepsPerEpoch);
    const before = geometric(a ** (2 * stepsPerEpoch), epochs) * variance(a, stepsPerEpoch);
    return h * weights[i] / 2 * stepSize ** 2 * (a ** (2 * within) * before + variance(a, within));
  };
  return curvatures.reduce((sum, h, i) => sum + added(h, i), 0);
}

/** 1 + a + … + a^(count − 1). */
const geometric = (a, count) => Math.abs(1 - a) > 1e-12 ? (1 - a ** count) / (1 - a) : count;

/** The factor by which samples that differ make noise larger, between those that theory computed.

 pairs: step sizes and factors. Times 1 − α/limit the factor is smooth, and 1 where α is 0. */
function inflation(pairs, stepSize, limit) {
  const known = [[0, 1], ...pairs.map(([a, factor]) => [a, factor * (1 - a / limit)])];
  const place = known.findIndex(([a]) => a >= stepSize);
  const right = place < 0 ? known.length - 1 : Math.max(place, 1);
  const [[a, low], [b, high]] = [known[right - 1], known[right]];
  return (low + (high - low) * (stepSize - a) / (b - a)) / (1 - stepSize / limit);
}

/** F − F* of an optimizer after each of some steps; none where theory predicts nothing. */
export function expected(prediction, { predicted }, stepSize, steps) {
  const { batchSize, shuffled, limit } = predicted ?? {};
  if (!predicted || (batchSize && stepSize >= limit)) return [];
  const { start, noise, samples } = prediction;
  const factor = batchSize && inflation(prediction.inflation[batchSize], stepSize, limit);
  const added = (step) => factor * fromNoise(noise, stepSize, step, batchSize, samples, shuffled);
  return steps.map((step) => fromStart(start, stepSize, step) + (batchSize && added(step)));
}

/** By what the slowest direction, or the one that grows, is multiplied in a step. */
export function rate([curvatures], stepSize) {
  const least = 1e-12 * Math.max(...curvatures);
  return Math.max(...curvatures.filter((h) => h > least).map((h) => Math.abs(1 - stepSize * h)));
}
