"""Makes spiece/: a small SentencePiece model and what transformers' ALBERT tokenizer makes of texts with it.

Run once with transformers 4.57.1 and sentencepiece; the tests read what it made. The ids are those of SentencePiece
itself. Offsets are of the converted tokenizer, for the texts that it takes apart in the same way: that version's
conversion leaves a stray piece for a space at the end of a text, and takes user-defined symbols for words of their own.
"""

import json
import os
from pathlib import Path

import sentencepiece
from transformers import AlbertTokenizer, AlbertTokenizerFast

HERE = Path(__file__).parent
OUT = HERE / "spiece"
HOSTILE = [
    "Zoë's café — “naïve” coöperation, ½ price!",
    "İstanbul 3\u0301 ŉ ẞ ﬀ ①",
    "e\u0301 a\u030a",
    "汉字과 한국어の混ぜ物",
    "👩‍👩‍👧 family, 👍🏽 thumb",
    "tab\tnew\nline nbsp\u00a0wide\u3000space",
    "``quoted'' ''and`` 1,234,567.89 in 2019, 1965, 7,",
    "the [MASK] leaves [SEP] at <unk> seven",
    "don't can't we've",
    "a word (in brackets) - or “two” – for £5 or €7.",
    "   leading, double  and trailing   ",
    "hello ",
    " ",
    "a\n",
    "",
]
CONFIGS = {"plain": {}, "cased": {"do_lower_case": False, "keep_accents": True}}


def rows(slow, fast, texts):
    """The ids of each text, and its offsets where the converted tokenizer takes it apart in the same way."""
    rows = []
    for text in texts:
        ids = slow(text)["input_ids"]
        encoded = fast(text, return_offsets_mapping=True)
        offsets = encoded["offset_mapping"] if encoded["input_ids"] == ids else None
        rows.append({"text": text, "ids": ids, "offsets": offsets})
    return rows


def main():
    # The model keeps the paths that it was trained by, so they are relative.
    os.chdir(HERE)
    OUT.mkdir(exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        input="corpus.txt",
        model_prefix="spiece/spiece",
        vocab_size=320,
        hard_vocab_limit=False,
        character_coverage=1.0,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        control_symbols=["[CLS]", "[SEP]"],
        user_defined_symbols=["[MASK]", "(", ")", '"', "-", ".", "–", "£", "€"],
    )
    (OUT / "spiece.vocab").unlink()
    texts = (HERE / "corpus.txt").read_text().splitlines() + HOSTILE
    expected = {}
    for name, config in CONFIGS.items():
        fast = AlbertTokenizerFast(str(OUT / "spiece.model"), **config)
        slow = AlbertTokenizer(str(OUT / "spiece.model"), **config)
        expected[name] = {"config": config, "rows": rows(slow, fast, texts)}
    (OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
