"""Where networks are computed."""

import pytest
import torch
from torch import nn

from flaredag import devices
from flaredag.devices import CPU, Computing, computing, keep_freed_memory


def pretend_cuda(monkeypatch, *, bfloat16):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: bfloat16 or including_emulation)


def test_the_cpu_in_float32_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert computing() is CPU
    assert (CPU.autocast_dtype, CPU.memory_format) == (None, torch.contiguous_format)


@pytest.mark.parametrize(("bfloat16", "dtype"), [(True, torch.bfloat16), (False, None)])
def test_the_gpu_where_there_is_one(monkeypatch, bfloat16, dtype):
    pretend_cuda(monkeypatch, bfloat16=bfloat16)
    found = computing()
    assert found.device.type == "cuda"
    assert (found.autocast_dtype, found.memory_format) == (dtype, torch.channels_last)


def test_moved_there_and_back_a_network_lies_as_before():
    network = nn.Conv2d(2, 3, 3)
    strides = network.weight.stride()
    Computing(CPU.device, channels_last=True).moved(network)
    assert network.weight.stride() != strides
    assert CPU.moved(network) is network
    assert network.weight.stride() == strides


def test_autocast_ends_with_its_block():
    ones = torch.ones(2, 2)
    with Computing(CPU.device, torch.bfloat16).autocast():
        assert (ones @ ones).dtype == torch.bfloat16
    with CPU.autocast():
        assert (ones @ ones).dtype == torch.float32


def test_a_gpu_may_sum_in_any_order_and_only_while_it_computes():
    torch.use_deterministic_algorithms(True)
    try:
        with CPU.algorithms():
            assert torch.are_deterministic_algorithms_enabled()
        with Computing(torch.device("cuda")).algorithms():
            assert not torch.are_deterministic_algorithms_enabled()
            assert torch.backends.cudnn.benchmark
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
    finally:
        torch.use_deterministic_algorithms(False)


def test_memory_is_kept_or_nothing_is_done(monkeypatch):
    called = []

    class Library:
        def mallopt(self, option, value):
            called.append((option, value))

    monkeypatch.setattr(devices.ctypes, "CDLL", lambda name: Library())
    keep_freed_memory()
    assert called == [(-4, 0), (-1, -1)]
    monkeypatch.setattr(devices.ctypes, "CDLL", lambda name: object())
    keep_freed_memory()
