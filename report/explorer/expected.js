// Expected suboptimality F − F* at any step size, by the formulas of
// scripts/descent/theory/expected.py. A spectrum is a list of curvatures h and one of weights w.

/** The rest of the initial suboptimality after `step` steps: ½ Σ h w (1 − αh)²ᵗ. */
export function fromStart([curvatures, weights], stepSize, step) {
  const left = (h, i) => h * weights[i] / 2 * (1 - stepSize * h) ** (2 * step);
  return curvatures.reduce((sum, h, i) => sum + left(h, i), 0);
}

/** The contribution of the noise of batches after `step` steps, with epochs of `samples` samples. */
export function fromNoise([curvatures, weights], stepSize, step, batchSize, samples, shuffled) {
  const stepsPerEpoch = Math.ceil(samples / batchSize), within = step % stepsPerEpoch;
  const lastBatch = samples - (stepsPerEpoch - 1) * batchSize;
  const variance = (a, count) => { // V of the first `count` steps of an epoch
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

/** The factor of multiplicative noise, interpolated between the pairs [α, factor] of the theory.

 Times 1 − α/limit, the factor is smooth in α, and 1 at α = 0. */
function inflation(pairs, stepSize, limit) {
  const known = [[0, 1], ...pairs.map(([a, factor]) => [a, factor * (1 - a / limit)])];
  const place = known.findIndex(([a]) => a >= stepSize);
  const right = place < 0 ? known.length - 1 : Math.max(place, 1);
  const [[a, low], [b, high]] = [known[right - 1], known[right]];
  return (low + (high - low) * (stepSize - a) / (b - a)) / (1 - stepSize / limit);
}

/** F − F* of an optimizer after each of `steps`; empty if theory predicts nothing. */
export function expected(prediction, { predicted }, stepSize, steps) {
  const { batchSize, shuffled, limit } = predicted ?? {};
  if (!predicted || (batchSize && stepSize >= limit)) return [];
  const { start, noise, samples } = prediction;
  const factor = batchSize && inflation(prediction.inflation[batchSize], stepSize, limit);
  const added = (step) => factor * fromNoise(noise, stepSize, step, batchSize, samples, shuffled);
  return steps.map((step) => fromStart(start, stepSize, step) + (batchSize && added(step)));
}

/** The largest factor by which a step multiplies the distance to the minimiser in a direction. */
export function rate([curvatures], stepSize) {
  const least = 1e-12 * Math.max(...curvatures);
  return Math.max(...curvatures.filter((h) => h > least).map((h) => Math.abs(1 - stepSize * h)));
}
