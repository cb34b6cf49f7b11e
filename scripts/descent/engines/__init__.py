"""A file an engine: an implementation of the descent loop.

An engine file gives

    NEEDS                        what it needs of a run, as names of FACTS (descent/ability.py)
    USES_GPU                     whether it computes on a GPU where there is one
    LIBRARIES                    packages that compute, whose versions the provenance names
    device()                     where it computes, for the provenance
    train(run, data, progress)   the iterates of a run; progress(steps) is called as steps are made,
                                 those of all seeds
"""
