"""Models, one per file.

A model file defines

    TASK                          "classification": y are labels, the class with the largest score
                                  is predicted; or "regression": y are numbers
    layers(features, outputs, …)  the shape and fan-in of every parameter; further arguments, with
                                  defaults that are True, False or an integer ≥ 1, are options that
                                  a study may set
    scores(parameters, x)         the outputs z [outputs, n] of the model
    losses(z, y)                  the loss of each sample, [n]

where parameters are {name: array} and samples x [n, features]. The engine in NumPy requires the
first of these functions, the one in torch the others:

    gradient(parameters, x, y)    gradient of the mean loss, derived by hand
    torch_scores(parameters, x)   the same scores in torch, for R models [R, outputs, n]
    torch_losses(z, y)            the same losses in torch, [R, n], for autograd

A model with scores z = A x + b also defines

    score_gradient(z, y)          ∂loss/∂z of each sample

For theory, a model whose loss is convex in the scores, with second derivatives that do not depend
on y, defines

    score_hessian(z)              ∂²loss/∂z² of each sample, [outputs, n] -> [n, outputs, outputs]
    SMOOTHNESS                    an upper bound of its eigenvalues, for all z

and a model whose objective has a minimiser in closed form

    optimum(x, y, l2, …)          the minimiser {name: array}, with the options of `layers`

Parameters may be stacked along leading axes (seeds, snapshots); x and y then have the same leading
axes, or none if all share the samples.
"""
