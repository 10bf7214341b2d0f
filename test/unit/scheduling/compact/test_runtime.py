import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from robomatrix.errors import ConfigurationError, PlanningError
from robomatrix.scheduling.compact.program import grammar, parse
from robomatrix.scheduling.compact.runtime import Decoder, LlamaWeights, SmallModel, _Cache
from robomatrix.scheduling.planners.compact import default_model

SOON = 60.0


def test_numpy_and_transformers_compute_the_same(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=60,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=3,
        tie_word_embeddings=True,
    )
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        tokens = [5, 17, 20, 3, 9]
        expected = model(torch.tensor([tokens])).logits[0].numpy()
    model.save_pretrained(tmp_path)
    decoder, cache = Decoder(LlamaWeights.load(tmp_path)), _Cache()
    np.testing.assert_allclose(decoder.forward(tokens[:3], cache), expected[2], atol=1e-5)
    np.testing.assert_allclose(decoder.forward(tokens[3:4], cache), expected[3], atol=1e-5)
    np.testing.assert_allclose(decoder.forward(tokens[4:], cache), expected[4], atol=1e-5)


@pytest.mark.parametrize("instruction", ["put A in B", "A A A A", "", "§ ß 語 \u202e", "if if if"])
def test_whatever_it_reads_it_writes_a_program(instruction: str) -> None:
    model = SmallModel(default_model())
    prompt = f"turn\nA thing, B container\n{instruction}\n"
    written = model.write(prompt, "AB", partial(grammar, "AB", ("turn",)), time.monotonic() + SOON)
    parse(written.text)
    assert written.confidence <= 0.0


def test_a_deadline_ends_it() -> None:
    with pytest.raises(PlanningError, match="in time"):
        SmallModel(default_model()).write("\n\n\n", None, None, time.monotonic() - 1.0)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no planner model"):
        SmallModel(tmp_path).load()
    (tmp_path / "config.json").write_text('{"model_type": "gpt2", "num_attention_heads": 2}')
    save_file({"x": np.zeros(1, np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(ConfigurationError, match="Llama"):
        SmallModel(tmp_path).load()
