"""A file an engine: an implementation of the descent loop.

An engine file gives

    NEEDS                        the function that a model file must have for it to be trained here
    UPDATE_RULES                 the update rules that it can do; absent: all of them
    AVERAGES                     False if it cannot average iterates; absent: True
    GPU                          none, optional (used where there is one), or required
    device()                     where it computes, for the provenance
    versions()                   of the libraries that compute, for the provenance
    train(run, data, progress)   the iterates of a run; progress(steps) is called as steps are made,
                                 those of all seeds
"""
