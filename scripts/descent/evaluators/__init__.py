"""A file an evaluator: an implementation of the means over samples that a trace needs.

An evaluator file gives

    NEEDS, USES_GPU, LIBRARIES, device()    as an engine does
    mean_loss_and_accuracy(net, snapshots, x, scale, y)
                                            of every snapshot, in float64; a regression's accuracy
                                            means nothing; snapshots {name: [M, *shape]};
                                            x [n, features] as stored, used as x / scale; y [n]
"""
