"""Where a network is computed: on a GPU where there is one, else on the CPU; and in which arithmetic."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn


@dataclass(frozen=True)
class Computing:
    """A device and how it computes.

    `autocast_dtype`: what matrix products and convolutions are computed in, parameters staying float32; None for
    float32 throughout. bfloat16 and not float16: it has the range of float32, so that no gradient needs scaling and
    no step is skipped. `channels_last`: the memory format in which tensor cores need no transposition.
    """

    device: torch.device
    autocast_dtype: torch.dtype | None = None
    channels_last: bool = False

    @property
    def memory_format(self) -> torch.memory_format:
        """Memory format of images and of the weights of convolutions."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def moved(self, network: nn.Module) -> nn.Module:
        """`network` on the device, in the memory format; the same module, parameters moved in place."""
        to: Any = network.to  # its memory format is missing in torch's annotations
        return to(device=self.device, memory_format=self.memory_format)

    def to_device(self, values: Tensor) -> Tensor:
        """`values` on the device."""
        return values.to(self.device, non_blocking=True)

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Products in `autocast_dtype` until the block ends."""
        if self.autocast_dtype is None:
            yield
            return
        with torch.autocast(self.device.type, dtype=self.autocast_dtype):
            yield

    @contextmanager
    def algorithms(self) -> Iterator[None]:
        """On a GPU the fastest algorithms, whose sums come in any order; on the CPU what was chosen outside."""
        if self.device.type == "cpu":
            yield
            return
        deterministic = torch.are_deterministic_algorithms_enabled()
        # cudnn.deterministic is the choice of a process, and ours alone while this block lasts.
        benchmark = torch.backends.cudnn.benchmark
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.benchmark = True
        try:
            yield
        finally:
            torch.backends.cudnn.benchmark = benchmark
            torch.use_deterministic_algorithms(deterministic)


CPU = Computing(torch.device("cpu"))
MALLOPT_TRIM_THRESHOLD, MALLOPT_MMAP_MAX = -1, -4


def keep_freed_memory() -> None:
    """Have the process keep what it frees (glibc; elsewhere nothing is done).

    Each step of a training needs the same large arrays again. Given back to the system and asked for anew, they are
    cleared page by page: a quarter to a half of the time of a step on the CPU.
    """
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(MALLOPT_MMAP_MAX, 0)
        mallopt(MALLOPT_TRIM_THRESHOLD, -1)


def computing() -> Computing:
    """The GPU where there is one (bfloat16 products where it has them), else the CPU in float32."""
    cuda: Any = torch.cuda
    if not cuda.is_available():
        return CPU
    native = cuda.is_bf16_supported(including_emulation=False)
    return Computing(torch.device("cuda"), torch.bfloat16 if native else None, channels_last=True)
