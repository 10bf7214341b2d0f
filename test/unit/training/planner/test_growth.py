import torch
from transformers import LlamaConfig, LlamaForCausalLM

from robomatrix.training.planner.growth import doubled


def test_a_doubled_model_answers_the_same_and_its_copies_differ() -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    wide = doubled(model, seed=3).eval()
    ids = torch.randint(0, 40, (3, 9))
    with torch.no_grad():
        torch.testing.assert_close(wide(input_ids=ids).logits, model(input_ids=ids).logits, atol=1e-5, rtol=1e-4)
    query = wide.model.layers[0].self_attn.q_proj.weight
    assert query.shape == (32, 32)
    assert (query[:, :16] - query[:, 16:]).abs().mean() > 0.1 * query.abs().mean()
