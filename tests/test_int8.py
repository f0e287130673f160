import pytest
import torch
from torch import nn

from rag.int8 import Int8Linear, to_int8


def test_a_layer_whose_numbers_are_all_steps_gives_the_exact_sums() -> None:
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[127.0, -3.0], [6.0, 254.0]]))
        layer.bias.copy_(torch.tensor([0.5, -1.0]))
    states = torch.tensor([[[127.0, -128.0], [-256.0, 254.0]]])  # from end to end of the 255 steps of 1 and of 2
    first = [127 * 127 + 3 * 128 + 0.5, 6 * 127 - 254 * 128 - 1.0]
    second = [-127 * 256 - 3 * 254 + 0.5, -6 * 256 + 254 * 254 - 1.0]
    exact = torch.tensor([[first, second]])
    with torch.inference_mode():
        assert torch.allclose(Int8Linear(layer)(states), exact)


def test_one_large_value_costs_its_own_token_only() -> None:
    torch.manual_seed(1)
    layer = nn.Linear(64, 96)
    states = torch.randn(40, 64)
    states[3, 5] = 300.0
    with torch.inference_mode():
        wrong = (Int8Linear(layer)(states) - layer(states)).abs().amax(1)
    others = torch.cat([wrong[:3], wrong[4:]])
    assert others.max() < 0.05
    assert 0.05 < wrong[3] < 2


def test_a_token_whose_numbers_are_all_the_same_has_its_sum_and_one_of_zeros_gives_the_bias() -> None:
    layer = nn.Linear(3, 4)
    with torch.inference_mode():
        same = torch.full((1, 3), 7.5)
        assert torch.allclose(Int8Linear(layer)(same), layer(same), atol=0.1)
        assert torch.allclose(Int8Linear(layer)(torch.zeros(2, 3)), layer.bias.expand(2, 4))
        assert Int8Linear(nn.Linear(3, 4, bias=False))(torch.zeros(1, 3)).abs().max() < 1e-6


def test_every_linear_layer_inside_a_model_is_changed() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 2)))
    states = torch.randn(5, 4)
    with torch.inference_mode():
        before = model(states)
        to_int8(model)
        assert not any(isinstance(part, nn.Linear) for part in model.modules())
        assert model(states) == pytest.approx(before, abs=0.05)
