#!/usr/bin/env python3
"""Makes frozen/: small checkpoints with random weights of the families whose encoders are used as they are, and what
transformers computes with them.

usage: make_frozen.py               writes frozen/NAME/ beside this script
       make_frozen.py --check       recomputes every value recorded and compares

Each folder is a checkpoint in Hugging Face layout beside `expected.safetensors` and `expected.json`, as `make.py` writes
them, but that the encoder is frozen in the twelve steps, and `grad.*` are of the head's weights alone. The last of
`hidden_states` is what heads read. `words.gradient` is the gradient, by the word vectors, of the sum of the logits of texts
or of first tokens.

It needs what `make.py` needs, sentencepiece and protobuf, and spm/ as `make_spm.py` made it.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, DebertaV2TokenizerFast, PreTrainedTokenizerFast

import make

HERE = Path(__file__).resolve().parent
OUT = HERE / "frozen"
make.CLASS |= {"modernbert": "ModernBert", "deberta-v2": "DebertaV2"}
make.VOCABULARY |= {"modernbert": 500, "deberta-v2": 368}
make.HEAD |= {"qa": "ForQuestionAnswering"}

# What makes a ModernBERT one: a layer in three attends to all tokens, the others to four on either side.
MODERN = dict(hidden_size=32, num_hidden_layers=4, num_attention_heads=4, intermediate_size=48, local_attention=8)
BIASES = dict(norm_bias=True, attention_bias=True, mlp_bias=True, classifier_bias=True)
DEBERTA = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=56, relative_attention=True)
# As Microsoft's third version: positions in buckets, projected as contents are, and normed.
THIRD = DEBERTA | dict(position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type="p2c|c2p")
THIRD |= dict(position_biased_input=False, type_vocab_size=0, max_relative_positions=-1)
SECOND = DEBERTA | dict(pos_att_type=["c2p", "p2c"], position_biased_input=True, type_vocab_size=2, embedding_size=24)
VARIANTS = {
    "modernbert-classify": ("classify", MODERN | dict(classifier_pooling="mean")),
    "modernbert-ner": ("ner", MODERN | BIASES | dict(hidden_activation="gelu_new", global_rope_theta=1000.0)),
    "modernbert-qa": ("qa", MODERN | dict(global_attn_every_n_layers=2, local_rope_theta=None)),
    "modernbert-mlm": ("mlm", MODERN | dict(classifier_activation="silu")),
    "modernbert-pair-classify": ("pair-classify", MODERN | dict(classifier_pooling="cls")),
    "deberta-v2-classify": ("classify", SECOND | dict(pooler_hidden_act="tanh", pooler_dropout=0.0)),
    "deberta-v2-regress": ("regress", SECOND | dict(pos_att_type="c2p", problem_type="regression", hidden_act="relu")),
    "deberta-v2-third-pair-classify": ("pair-classify", THIRD),
    "deberta-v2-third-ner": ("ner", THIRD | dict(share_att_key=False)),
    "deberta-v2-third-qa": ("qa", THIRD | dict(relative_attention=False, position_biased_input=True)),
    "deberta-v2-third-mlm": ("mlm", THIRD | dict(max_relative_positions=12)),
}


def variant(name):
    """The variant as `make.py` knows one."""
    task, config = VARIANTS[name]
    return make.Variant(name, task, rows=2 if task == "mlm" else 3, config=config)


def configure(v):
    """The variant's configuration: no dropout, and special ids as its tokenizer has them."""
    c = dict(vocab_size=make.VOCABULARY[v.family], max_position_embeddings=64, initializer_range=0.12)
    if v.family == "modernbert":
        c |= dict(pad_token_id=1, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3, reference_compile=False)
    else:
        c |= dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, cls_dropout=0.0, pad_token_id=0)
    labels = {"regress": ["score"], "ner": make.ENTITIES}.get(v.task, make.SENTIMENTS)
    if v.task not in ("mlm", "qa"):
        c |= dict(id2label=dict(enumerate(labels)), label2id={n: i for i, n in enumerate(labels)})
    return getattr(transformers, make.CLASS[v.family] + "Config")(**(c | v.config))


def new_model(v):
    """The model with random but lively weights: norms and biases moved off 1 and 0, so that dropping one shows."""
    torch.manual_seed(v.seed)
    model = getattr(transformers, make.CLASS[v.family] + make.HEAD[v.task])(configure(v))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            is_norm = "norm" in name.lower() and name.endswith("weight")
            if is_norm:
                weight.normal_(1.0, 0.2)
            elif weight.dim() == 1:
                weight.normal_(0.0, 0.2)
            else:
                weight.normal_(0.0, 0.12)
    return model.eval()


def tokenizer_into(v, folder):
    """ModernBERT's kind of tokenizer, of bytes; or DeBERTa's, of SentencePiece's pieces."""
    if v.family == "modernbert":
        inner = Tokenizer(models.BPE())
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        inner.decoder = decoders.ByteLevel()
        special = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"]
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
        inner.train([str(HERE / "corpus.txt")], trainer)
        frame = [("[CLS]", 2), ("[SEP]", 3)]
        inner.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", frame)
        names = dict(unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=inner, model_input_names=["input_ids", "attention_mask"], **names
        )
        tokenizer.save_pretrained(folder)
    else:
        tokenizer = DebertaV2TokenizerFast(str(HERE / "spm" / "spm.model"))
        # What spells characters otherwise is large, and these texts need none of it.
        steps = [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
        tokenizer.backend_tokenizer.normalizer = normalizers.Sequence(steps)
        tokenizer.save_pretrained(folder)
        (folder / "spm.model").unlink()
    return AutoTokenizer.from_pretrained(folder)


def batch_of(v, tokenizer):
    """A padded batch and its labels."""
    gen = torch.Generator().manual_seed(v.seed)
    texts = make.TEXTS[: v.rows]
    if v.task in ("pair-classify", "qa"):
        # Answers are looked for in padding too, so that there is none: every pair is cut at the same length.
        first, most = [make.TEXTS[4], make.TEXTS[5], make.TEXTS[8]], 40 if v.task == "qa" else 64
        batch = tokenizer(first, texts, padding=True, truncation=True, max_length=most, return_tensors="pt")
    else:
        batch = tokenizer(texts, padding=True, truncation=True, max_length=64, return_tensors="pt")
    mask = batch["attention_mask"].bool()
    draw = lambda most, shape: torch.randint(0, most, shape, generator=gen)
    if v.task in ("classify", "pair-classify"):
        labels = dict(labels=draw(3, (v.rows,)))
    elif v.task == "regress":
        labels = dict(labels=torch.randn(v.rows, generator=gen))
    elif v.task == "qa":
        ends = mask.sum(1)
        labels = dict(start_positions=ends - 6, end_positions=ends - 3)
    else:
        most = len(make.ENTITIES) if v.task == "ner" else make.VOCABULARY[v.family]
        chosen = mask & (draw(100, mask.shape) < (80 if v.task == "ner" else 30))
        chosen[:, 0] = False
        labels = dict(labels=torch.where(chosen, draw(most, mask.shape), -100))
    return {k: x for k, x in batch.items()}, labels


def is_of_head(name):
    return not name.startswith(("model.", "deberta."))


def forward(folder, batch, labels):
    """Hidden states, attentions, logits, loss, and the gradients of the head and of the word vectors."""
    model = open_model(folder)
    out = model(**batch, **labels, output_hidden_states=True, output_attentions=True)
    body = model.model if hasattr(model, "model") else model.deberta
    tensors = {f"hidden_states.{i}": h for i, h in enumerate(out.hidden_states)}
    # What heads read: in ModernBERT a norm comes after the last of the states that are shown.
    tensors[f"hidden_states.{len(out.hidden_states) - 1}"] = body(**batch).last_hidden_state
    tensors |= {f"attentions.{i}": a[:2] for i, a in enumerate(out.attentions[:2])}
    tensors |= {k: w for k, w in out.items() if k.endswith("logits")}
    out.loss.backward()
    tensors["loss"] = out.loss.reshape(1)
    grads = {n: p.grad.clone() for n, p in model.named_parameters() if is_of_head(n) and p.grad is not None}
    tensors |= {f"grad.{n}": grad for n, grad in grads.items()}
    table = model.get_input_embeddings()
    vectors = table(batch["input_ids"]).detach().requires_grad_()
    # Not every class takes word vectors for its input, so they take the place of what the table gives.
    table.register_forward_hook(lambda *_: vectors)
    out = model(**batch)
    logits = out.logits if "logits" in out else out.start_logits
    (logits if logits.dim() == 2 and "logits" in out else logits[:, 0]).sum().backward()
    tensors["words.gradient"] = vectors.grad
    return {k: w.detach().clone().contiguous() for k, w in tensors.items()}


def with_frozen_encoder(folder):
    """The checkpoint with nothing trained but its head."""
    model = open_model(folder)
    for name, weight in model.named_parameters():
        weight.requires_grad_(is_of_head(name))
    return model


open_model = make.open_model


def train(folder, batch, labels):
    """Twelve steps of the head alone, as `make.py` takes them."""
    make.open_model = with_frozen_encoder
    try:
        return make.train(folder, batch, labels)
    finally:
        make.open_model = open_model


def made(name):
    """Writes a variant's folder."""
    v, folder = variant(name), OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = tokenizer_into(v, folder)
    new_model(v).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    batch, labels = batch_of(v, tokenizer)
    tensors = batch | {f"label.{k}": w for k, w in labels.items()} | forward(folder, batch, labels)
    save_file({k: w.contiguous() for k, w in tensors.items()}, folder / "expected.safetensors")
    expected = {"family": v.family, "task": v.task, "trajectory": train(folder, batch, labels)}
    expected["texts"] = tokenizer.batch_decode(batch["input_ids"])
    expected["pipelines"] = make.answer(folder, make.questions(v, tokenizer))
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


def check(name):
    """Recomputes what a folder records."""
    folder = OUT / name
    recorded = load_file(folder / "expected.safetensors")
    batch = {k: recorded.pop(k) for k in ("input_ids", "attention_mask", "token_type_ids") if k in recorded}
    labels = {k.removeprefix("label."): recorded.pop(k) for k in list(recorded) if k.startswith("label.")}
    computed = forward(folder, batch, labels)
    expected = json.loads((folder / "expected.json").read_text())
    tensors = max((recorded[k] - computed[k]).abs().max().item() for k in recorded)
    steps = make.difference(expected["trajectory"], train(folder, batch, labels))
    good = recorded.keys() == computed.keys() and max(tensors, steps) < 1e-5
    print(f"{'ok ' if good else 'BAD'} {name}: tensors {tensors:.1e}, steps {steps:.1e}")
    return good


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if all([check(name) for name in VARIANTS]) else 1)
    for name in VARIANTS:
        made(name)
        print(name, flush=True)


if __name__ == "__main__":
    main()
