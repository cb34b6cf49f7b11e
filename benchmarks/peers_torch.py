"""torch, on one thread."""

import warnings
from collections.abc import Callable, Iterable

import numpy as np
import torch
from problem import CLASSES, Problem, score_gradient
from scipy.sparse import csr_array
from torch.nn.functional import cross_entropy

torch.set_num_threads(1)
BLOCK = 500  # samples of a full batch that go through both products while they are in cache


def loop(problem: Problem, update: str, loader: bool = False) -> Callable:
    """The ordinary loop with a module, a loss and autograd; update: "manual" or "optim"."""
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    step_size = problem.step_sizes[0]
    loss = torch.nn.CrossEntropyLoss()
    sigmoid = [torch.nn.Sigmoid(), torch.nn.Softmax(dim=1)]

    def batches(order: np.ndarray) -> Iterable:
        if loader:
            dataset = torch.utils.data.TensorDataset(x, y)
            return torch.utils.data.DataLoader(dataset, batch_size=1, sampler=order.tolist())
        return ((x[i : i + 1], y[i : i + 1]) for i in order.tolist())

    def descend(order):
        linear = torch.nn.Linear(x.shape[1], CLASSES)
        for p in linear.parameters():
            torch.nn.init.zeros_(p)
        net = torch.nn.Sequential(linear, *(sigmoid if problem.model == "sigmoid_softmax" else []))
        parameters = list(net.parameters())
        optimizer = torch.optim.SGD(parameters, lr=step_size)
        for inputs, labels in batches(order):
            optimizer.zero_grad()
            loss(net(inputs), labels).backward()
            if update == "optim":
                optimizer.step()
            else:
                with torch.no_grad():
                    for p in parameters:
                        p -= step_size * p.grad
        return tuple(p.detach().numpy() for p in parameters)

    return descend


def func_grad(problem: Problem) -> Callable:
    """torch.func.grad of the loss of single samples."""
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    step_size = problem.step_sizes[0]

    def loss(parameters, x, y):
        z = parameters[0] @ x + parameters[1]
        return cross_entropy(z.sigmoid().softmax(0) if problem.model == "sigmoid_softmax" else z, y)

    @torch.no_grad()
    def descend(order):
        A, b = torch.zeros(CLASSES, x.shape[1]), torch.zeros(CLASSES)
        for i in order.tolist():
            dA, db = torch.func.grad(loss)((A, b), x[i], y[i])
            A.sub_(dA, alpha=step_size)
            b.sub_(db, alpha=step_size)
        return A.numpy(), b.numpy()

    return descend


def by_hand(problem: Problem) -> Callable:
    """Derivatives by hand on single samples, in place; all runs one below another."""
    x, hot = torch.from_numpy(problem.x), torch.from_numpy(problem.one_hot)
    sizes = torch.from_numpy(problem.sizes)[:, None]

    @torch.inference_mode()
    def descend(order):
        A = torch.zeros(problem.runs * CLASSES, x.shape[1])
        b = torch.zeros(problem.runs * CLASSES)
        for i in order.tolist():
            z = torch.addmv(b, A, x[i]).view(problem.runs, CLASSES)
            dz = score_gradient(problem.model, z, hot[i], torch.softmax, torch.sigmoid)
            dz = dz.mul_(sizes).view(-1)
            A.addr_(dz, x[i], alpha=-1)
            b.sub_(dz)
        return A.numpy(), b.numpy()

    return descend


def compiled(problem: Problem, size: int) -> Callable:
    """Derivatives by hand, `size` steps on single samples compiled into one call."""
    x, hot = torch.from_numpy(problem.x), torch.from_numpy(problem.one_hot)
    step_size = problem.step_sizes[0]

    def steps(A, b, x, hot):
        A_after, b_after = A, b
        for k in range(size):
            z = torch.mv(A_after, x[k]) + b_after
            dz = score_gradient(problem.model, z, hot[k], torch.softmax, torch.sigmoid)
            A_after = A_after - step_size * dz[:, None] * x[k]
            b_after = b_after - step_size * dz
        A.copy_(A_after)
        b.copy_(b_after)

    in_one_call = torch.compile(steps, fullgraph=True, dynamic=False)

    @torch.no_grad()
    def descend(order):
        A, b = torch.zeros(CLASSES, x.shape[1]), torch.zeros(CLASSES)
        for some in torch.from_numpy(order).split(size):
            in_one_call(A, b, x[some], hot[some])
        return A.numpy(), b.numpy()

    return descend


def full(problem: Problem, features_first: bool) -> Callable:
    """All samples by autograd, stored as [n, features] or as [features, n]."""
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    n, features = x.shape
    x = x.T.contiguous() if features_first else x
    labels = y.expand(problem.runs, n) if features_first else y[:, None].expand(n, problem.runs)
    sizes = torch.from_numpy(problem.sizes)

    def scores(A, b):
        if features_first:
            return torch.addmm(b.view(-1, 1), A.flatten(0, 1), x).view(-1, CLASSES, n)
        z = torch.addmm(b.view(-1), x, A.flatten(0, 1).T)
        return z.view(n, -1, CLASSES).movedim(1, 2)  # the axis of the classes is 1 in both

    def descend(count):
        A = torch.zeros(problem.runs, CLASSES, features, requires_grad=True)
        b = torch.zeros(problem.runs, CLASSES, requires_grad=True)
        for _ in range(count):
            z = scores(A, b)
            if problem.model == "sigmoid_softmax":
                z = z.sigmoid().softmax(1)
            total = cross_entropy(z, labels, reduction="sum") / n
            dA, db = torch.autograd.grad(total, (A, b))
            with torch.no_grad():
                A -= sizes[:, None, None] * dA
                b -= sizes[:, None] * db
        return A.detach().numpy(), b.detach().numpy()

    return descend


def full_blocks(problem: Problem) -> Callable:
    """All samples by hand, block by block; the classes of all runs one below another."""
    blocks = torch.from_numpy(problem.x).split(BLOCK)
    hot = [each.T.contiguous() for each in torch.from_numpy(problem.one_hot).split(BLOCK)]
    n, features = problem.x.shape
    sizes = torch.from_numpy(np.repeat(problem.sizes, CLASSES) / n)[:, None]

    @torch.inference_mode()
    def descend(count):
        A = torch.zeros(len(sizes), features)
        b = torch.zeros(len(sizes), 1)
        for _ in range(count):
            dA, db = torch.zeros_like(A), torch.zeros_like(b)
            for x, hot_s in zip(blocks, hot, strict=True):
                z = torch.addmm(b, A, x.T).view(problem.runs, CLASSES, -1)
                dz = score_gradient(problem.model, z, hot_s, torch.softmax, torch.sigmoid, 1)
                dz = dz.view(len(sizes), -1)
                dA.addmm_(dz, x)
                db += dz.sum(1, keepdim=True)
            A -= sizes * dA
            b -= sizes * db
        return A.numpy(), b.numpy()

    return descend


def full_sparse(problem: Problem) -> Callable:
    """All samples by hand, as CSR and its transpose; the classes of all runs side by side."""
    rows = csr_array(problem.x)
    x, transposed = _csr(rows), _csr(csr_array(rows.T))
    hot = torch.from_numpy(problem.one_hot)[:, None]
    n, features = problem.x.shape
    sizes = torch.from_numpy(np.repeat(problem.sizes, CLASSES) / n)

    @torch.inference_mode()
    def descend(count):
        A, b = torch.zeros(features, len(sizes)), torch.zeros(len(sizes))
        for _ in range(count):
            z = (x @ A).add_(b).view(n, problem.runs, CLASSES)
            dz = score_gradient(problem.model, z, hot, torch.softmax, torch.sigmoid).view(n, -1)
            A -= sizes * (transposed @ dz)
            b -= sizes * dz.sum(0)
        return A.T.numpy(), b.numpy()

    return descend


def _csr(matrix: csr_array) -> torch.Tensor:
    positions = (part.astype(np.int32) for part in (matrix.indptr, matrix.indices))
    parts = map(torch.from_numpy, (*positions, matrix.data))
    with warnings.catch_warnings():  # it is in beta
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(*parts, matrix.shape)
