"""The torch engine and evaluator on a CUDA device, compared with NumPy on the CPU."""

from dataclasses import replace

import pytest
import torch
from numpy.testing import assert_allclose

from descent.plugins import available, plugin
from descent.run import FULL, Run

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device"),
]
RUN = Run(model="", step_size=0.05, batch_size=1, epochs=2, evaluate_every=40, seeds=(0, 3))
DTYPES = {"float64": 1e-9, "float32": 1e-4}  # relative tolerance


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [1, 32, FULL])
@pytest.mark.parametrize("model", available("models"))
def test_cuda_trains_and_evaluates_as_the_cpu(digits, model, batch_size, dtype):
    net, y = plugin("models", model), digits.y_train[:90]
    y = y / 4 - 1 if net.TASK == "regression" else y
    data = replace(digits, x_train=digits.x_train[:90], y_train=y)
    run = replace(RUN, model=model, batch_size=batch_size, dtype=dtype, l2=0.01)
    trained = {
        name: plugin("engines", name).train(run, data, lambda steps: None)
        for name in ("numpy", "torch")
    }
    tolerance = {"rtol": DTYPES[dtype], "atol": DTYPES[dtype]}
    for name, expected in trained["numpy"].parameters.items():
        assert_allclose(trained["torch"].parameters[name], expected, **tolerance)
    snapshots = {name: p[0] for name, p in trained["numpy"].parameters.items()}
    given = net, snapshots, data.x_train, data.scale, y, run.l2
    on_cpu, on_cuda = (plugin("evaluation", name).means(*given) for name in ("numpy", "torch"))
    for column, (expected, found) in enumerate(zip(on_cpu, on_cuda, strict=True)):
        if column != 1 or net.TASK == "classification":  # 1 is the accuracy
            assert_allclose(found, expected, **tolerance)
