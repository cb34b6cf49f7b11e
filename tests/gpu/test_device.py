"""What torch is set to, whatever the environment says."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"
ASK = "import torch; print(torch.backends.cuda.matmul.allow_tf32)"


def test_products_keep_the_digits_of_float32():
    """TensorFloat-32 keeps ten bits of 23."""
    environment = os.environ | {"TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1", "PYTHONPATH": str(SCRIPTS)}
    answers = [
        subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip()
        for code in (ASK, f"import descent.gpu.device; {ASK}")
    ]
    assert answers == ["True", "False"]
