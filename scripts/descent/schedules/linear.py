"""A step size that decreases linearly, from α to nearly 0.

    factor(t) = 1 - (t - 1) / steps

Defazio, Cutkosky, Mehta and Mishchenko, Optimal linear decay learning rate schedules and further
refinements, 2023; as torch.optim.lr_scheduler.LinearLR(start_factor=1, end_factor=0).
"""


def factor(t, steps):
    """1 in the first step, 1/2 in the middle of the run."""
    return 1 - (t - 1) / steps
