"""Makes spiece/: a small SentencePiece model and what transformers' ALBERT tokenizers make of texts with it.

Run once with transformers 4.57.1 and sentencepiece; the tests read what it made. `fast` is the converted tokenizer
with character offsets, for texts without spaces at their ends, where the conversion of that version leaves a stray
piece; `slow` is SentencePiece itself.
"""

import json
from pathlib import Path

import sentencepiece
from transformers import AlbertTokenizer, AlbertTokenizerFast

HERE = Path(__file__).parent
OUT = HERE / "spiece"
HOSTILE = [
    "Zoë's café — “naïve” coöperation, ½ price!",
    "İstanbul 3\u0301 ŉ ẞ ﬀ ①",
    "e\u0301\u0323 a\u030a",
    "汉字과 한국어の混ぜ物",
    "👩‍👩‍👧 family, 👍🏽 thumb",
    "tab\tnew\nline nbsp\u00a0wide\u3000space",
    "``quoted'' ''and`` 1,234,567.89 in 2019, 1965, 7,",
    "the [MASK] leaves [SEP] at <unk> seven",
    "don't can't we've",
    "",
]
SPACED = ["   leading, double  and trailing   ", "hello ", " hello", " ", "a\n"]
CONFIGS = {"plain": {}, "cased": {"do_lower_case": False, "keep_accents": True}}


def main():
    OUT.mkdir(exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        input=str(HERE / "corpus.txt"),
        model_prefix=str(OUT / "spiece"),
        vocab_size=320,
        hard_vocab_limit=False,
        character_coverage=1.0,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        control_symbols=["[CLS]", "[SEP]"],
        user_defined_symbols=["[MASK]", "2019,", "7,"],
    )
    (OUT / "spiece.vocab").unlink()
    texts = (HERE / "corpus.txt").read_text().splitlines() + HOSTILE
    expected = {}
    for name, config in CONFIGS.items():
        fast = AlbertTokenizerFast(str(OUT / "spiece.model"), **config)
        slow = AlbertTokenizer(str(OUT / "spiece.model"), **config)
        rows = []
        for text in texts:
            encoded = fast(text, return_offsets_mapping=True)
            rows.append({"text": text, "ids": encoded["input_ids"], "offsets": encoded["offset_mapping"]})
        spaced = [{"text": text, "ids": slow(text)["input_ids"]} for text in SPACED]
        expected[name] = {"config": config, "fast": rows, "slow": spaced}
    (OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1))


main()
