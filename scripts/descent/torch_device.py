"""Where torch computes, and that it computes the same every time: imported before all else."""

import os

import numpy as np

os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # CUDA's matrix products, deterministic

import torch

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True, warn_only=True)
torch.set_float32_matmul_precision("highest")  # whatever TORCH_ALLOW_TF32_CUBLAS_OVERRIDE says

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def device() -> str:
    """Where torch computes, for the provenance."""
    if DEVICE == "cpu":
        return DEVICE
    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"


def to_device(array: np.ndarray) -> torch.Tensor:
    """An array as a tensor where torch computes; on a CPU both share the memory."""
    return torch.from_numpy(array).to(DEVICE)


def in_double(tensor: torch.Tensor) -> torch.Tensor:
    """A copy in float64."""
    return tensor.detach().to(torch.float64, copy=True)


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """A tensor as an array."""
    return tensor.numpy(force=True)
