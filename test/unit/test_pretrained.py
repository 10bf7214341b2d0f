"""What is loaded of a model's folder, with a network of 200 weights made here."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from robomatrix.errors import ConfigurationError  # noqa: E402
from robomatrix.pretrained import load_pretrained, load_weights  # noqa: E402


@pytest.fixture
def network() -> transformers.PreTrainedModel:
    torch.manual_seed(0)
    small = {"hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1}
    return transformers.BertModel(transformers.BertConfig(vocab_size=8, max_position_embeddings=4, **small))


def test_safetensors_are_loaded_for_use(network: transformers.PreTrainedModel, tmp_path: Path) -> None:
    network.save_pretrained(tmp_path)
    loaded = load_weights(transformers.AutoModel, tmp_path)
    assert not loaded.training
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), network.parameters(), strict=True))


def test_pickled_weights_are_not_read(network: transformers.PreTrainedModel, tmp_path: Path) -> None:
    network.config.save_pretrained(tmp_path)
    torch.save(network.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ConfigurationError, match=r"weights as \.safetensors; pickled ones are not read"):
        load_weights(transformers.AutoModel, tmp_path)


def test_damaged_weights_are_an_error_of_ours(network: transformers.PreTrainedModel, tmp_path: Path) -> None:
    network.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not these")
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        load_weights(transformers.AutoModel, tmp_path)


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every look-up of an address; none succeeds."""
    found: list[object] = []

    def no_network(*address: object, **options: object) -> None:
        found.append(address)
        raise socket.gaierror("no network in a test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return found


def test_nothing_is_fetched_unasked(lookups: list[object]) -> None:
    with pytest.raises(ConfigurationError, match="`hf download nobody/nothing`"):
        load_pretrained(transformers.AutoConfig, "nobody/nothing")
    assert lookups == []


def test_what_is_asked_for_is_fetched(lookups: list[object], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="could not be fetched"):
        load_pretrained(transformers.AutoConfig, "nobody/nothing", download=True, cache_dir=tmp_path)
    assert lookups


def test_a_model_that_was_fetched_before_is_found_by_its_name(
    network: transformers.PreTrainedModel, lookups: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--nobody--known"
    network.save_pretrained(repository / "snapshots" / "abc")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    loaded = load_weights(transformers.AutoModel, "nobody/known")
    assert torch.equal(next(loaded.parameters()), next(network.parameters()))
    assert lookups == []
