"""A file a model.

A model file gives

    TASK                          classification: y are labels, the largest score is predicted; or
                                  regression: y are numbers
    SMOOTHNESS                    of a loss that is convex in the scores: its largest second
                                  derivative along a direction of them; absent of others

and, as functions of parameters {name: array} and samples x [n, features]:

    layers(features, outputs, …)  the shape of every parameter and the inputs of its layer; further
                                  arguments, with defaults that are True, False or an integer ≥ 1,
                                  are options that a study may set
    scores(parameters, x)         z, what the model computes, [outputs, n]
    losses(z, y)                  the loss of each sample, [n]

and, for the engines in NumPy and in torch, which go without those that lack it,

    gradient(parameters, x, y)    of the mean loss, by hand
    torch_scores(parameters, x)   the same scores in torch, of R models [R, outputs, n]
    torch_losses(z, y)            the same losses in torch, [R, n], for autograd

A model whose scores are z = A x + b also gives

    score_gradient(z, y)          ∂loss/∂z of each sample

one whose loss is convex in the scores, with second derivatives that do not depend on y, for theory,

    score_hessian(z)              ∂²loss/∂z² of each sample, [outputs, n] -> [n, outputs, outputs]
    SMOOTHNESS                    a bound of its eigenvalues, for all z

and one whose objective has a minimiser in closed form gives it:

    optimum(x, y, l2, …)          {name: array}, with the options of `layers`

Parameters may be stacked along leading axes (seeds, snapshots); x and y then either have the same
leading axes or none, which means that all share the samples.
"""
