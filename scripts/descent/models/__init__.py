"""A file a model.

A model file gives, as functions of parameters {name: array} and samples x [n, features]:

    layers(features, outputs)     the shape of every parameter and the inputs of its layer
    outputs(parameters, x)        what the model computes, [classes, n]; the largest is predicted
    losses(outputs, y)            the loss of each sample, [n]
    gradient(parameters, x, y)    of the mean loss, by hand
    torch_outputs(parameters, x)  the same outputs in torch, of R models [R, classes, n]
    torch_losses(outputs, y)      the same losses in torch, [R, n], for autograd

A model that is linear in its scores, z = A x + b, also gives

    outputs_from_scores(z)        the outputs
    score_gradient(z, y)          ∂loss/∂z of each sample

which the compiled engines and evaluators compile, as they compile `losses`.

Parameters may be stacked along leading axes (seeds, snapshots); x and y then either have the same
leading axes or none, which means that all share the samples.
"""
