"""A tiny random model goes the way of a big one: tokenizer, chat template, grammar, time limit."""

import time

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from robomatrix.errors import ConfigurationError, PlanningError
from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners.transformers_backend import TransformersBackend, transformers_planner
from robomatrix.scheduling.schema import plan_schema
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
CHOICE = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["ok", "clarify"]},
        "steps": {"type": "string", "enum": ["red_can", "green_can"]},
    },
    "required": ["status", "steps"],
    "additionalProperties": False,
}
TOLD = [{"role": "user", "content": "put the can in the box"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<pad>", "<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(['{"status": "ok", "steps": "red_can"}', "put the can in the box"], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")
    fast.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}robot: "
    fast.save_pretrained(path)
    config = LlamaConfig(
        vocab_size=len(fast), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2
    )
    LlamaForCausalLM(config).save_pretrained(path)
    return str(path)


@pytest.mark.parametrize("grammar", ["llguidance", "automaton"])
def test_even_a_random_model_stays_in_the_grammar(folder, grammar):
    backend = TransformersBackend(folder, grammar=grammar, threads=1)
    answer = backend.complete(TOLD, CHOICE, time.monotonic() + 30.0)
    assert answer.text.replace(" ", "") in {
        f'{{"status":"{status}","steps":"{can}_can"}}' for status in ("ok", "clarify") for can in ("red", "green")
    }
    assert -10.0 < answer.confidence < 0.0


def test_masking_takes_less_than_a_millisecond_a_token_on_average(folder):
    backend = TransformersBackend(folder, grammar="llguidance", threads=1)
    backend.complete(TOLD, CHOICE, time.monotonic() + 30.0)
    backend.complete(TOLD, CHOICE, time.monotonic() + 30.0)
    assert backend.mask_seconds / backend.tokens < 5e-3  # loose: other tests share the processor


def test_the_deadline_ends_the_generation(folder):
    backend = TransformersBackend(folder, grammar="none", threads=1)
    with pytest.raises(PlanningError, match="in time"):
        backend.complete(TOLD, CHOICE, time.monotonic())


def test_a_model_that_babbles_leaves_the_planning_to_the_rules(folder, office):
    planner = transformers_planner(folder, threads=1, budget=4.0, retries=0)
    result = planner.plan(PlanRequest("put the green can in the bin", office, EP))
    assert result.status in ("ok", "clarify", "refuse")
    assert not result.steps or result.steps[0].skill in {spec.name for spec in EP}


def test_both_grammars_take_the_whole_schema(folder, office):
    schema = plan_schema(PlanRequest("x", office, EP))
    for grammar in ("llguidance", "automaton"):
        backend = TransformersBackend(folder, grammar=grammar, threads=1)
        tokenizer, model = backend._loaded
        mask = backend._mask(tokenizer, model, schema).allowed(model.config.vocab_size)
        allowed = {tokenizer.decode([i]) for i in mask.nonzero().flatten().tolist()}
        assert all(text.startswith("{") for text in allowed)


def test_a_model_that_is_not_there_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ConfigurationError, match="none' is not on this machine"):
        TransformersBackend(str(tmp_path / "none")).load()
