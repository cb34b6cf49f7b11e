"""The device of torch and its deterministic mode. Import this module before torch."""

import os

import numpy as np

os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # makes matrix products on CUDA deterministic

import torch

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True, warn_only=True)
torch.set_float32_matmul_precision("highest")  # overrides TORCH_ALLOW_TF32_CUBLAS_OVERRIDE

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def device() -> str:
    """Return the name of the device, for the provenance."""
    if DEVICE == "cpu":
        return DEVICE
    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"


def to_device(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor on the device; on a CPU both share memory."""
    return torch.from_numpy(array).to(DEVICE)


def in_double(tensor: torch.Tensor) -> torch.Tensor:
    """Return a copy in float64."""
    return tensor.detach().to(torch.float64, copy=True)


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """Return a tensor as an array."""
    return tensor.numpy(force=True)
