"""A file an evaluator: an implementation of the means over samples that a trace needs.

An evaluator file gives

    NEEDS, USES_GPU, LIBRARIES, device()    as an engine does
    means(net, snapshots, x, scale, y, l2=None)
                                            loss and accuracy of every snapshot, means over the
                                            samples in float64, and, where λ is given, the norm of
                                            the gradient of the objective. A regression's accuracy
                                            means nothing; snapshots {name: [M, *shape]};
                                            x [n, features] as stored, used as x / scale; y [n]
"""
