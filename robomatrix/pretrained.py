"""Models of Hugging Face: from files on this machine unless told otherwise, and never from pickled weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robomatrix.errors import ConfigurationError


def load_pretrained(loader: Any, name: str | Path, download: bool = False, **options: Any) -> Any:
    """Returns what a loader of transformers makes of a model's files.

    Args:
        loader: AutoModel..., AutoTokenizer and their like.
        name: of a folder, or of a model that was fetched before.
        download: True lets files be fetched that are not on this machine.
        **options: of the loader.

    Raises:
        ConfigurationError: the files are not there or cannot be used; the message says what to do.
    """
    from safetensors import SafetensorError

    source = str(name) if download else str(_folder(name))
    try:
        return loader.from_pretrained(source, local_files_only=not download, **options)
    except (OSError, ValueError, SafetensorError) as error:
        raise ConfigurationError(f"the model '{name}' cannot be loaded: {_advice(name)}\n{error}") from None


def load_weights(loader: Any, name: str | Path, download: bool = False, **options: Any) -> Any:
    """Returns a network, as :func:`load_pretrained`; its weights must be safetensors, for a pickle can run code."""
    return load_pretrained(loader, name, download, use_safetensors=True, **options).eval()


def _folder(name: str | Path) -> Path:
    """Returns where a model lies: given its bare name, the hub's own code uses the network even when told not to."""
    from huggingface_hub import try_to_load_from_cache

    if Path(name).is_dir():
        return Path(name)
    try:
        fetched = try_to_load_from_cache(str(name), "config.json")
    except ValueError:  # no name that the hub could know
        fetched = None
    if not isinstance(fetched, str):
        raise ConfigurationError(
            f"the model '{name}' is not on this machine: give a folder that exists, or fetch it first with"
            f" `hf download {name}`; nothing is fetched unasked"
        )
    return Path(fetched).parent


def _advice(name: str | Path) -> str:
    if Path(name).is_dir():
        return "its folder needs a configuration, a tokenizer and weights as .safetensors; pickled ones are not read"
    return "it could not be fetched, or has no weights as .safetensors; pickled ones are not read"
