"""What classifiers share: where the classes are, and torch's cross-entropy on that layout."""

from descent.models._layer import OUTPUTS

CLASSES = OUTPUTS


def torch_cross_entropy(z, y):
    """Cross-entropies of each of R models in torch: z [R, classes, n], y [R, n] or [n] -> [R, n].

    torch.nn.functional.cross_entropy as torch.nn.CrossEntropyLoss calls it.
    """
    from torch.nn.functional import cross_entropy

    return cross_entropy(z, y.expand(len(z), -1), reduction="none")
