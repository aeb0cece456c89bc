#!/usr/bin/env python3
"""Records how transformers tokenizes texts that are already cut into words.

usage: make_words.py        writes words.json beside this script

For the tokenizer of each `<family>-classify` folder: the token ids of lists of words, without special tokens, and the
word each token belongs to (`is_split_into_words=True`, for RoBERTa with `add_prefix_space=True` as run_ner.py asks for).
It needs transformers 4.57.1 and is run by hand: the tests read only what it wrote.
"""

import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import AutoTokenizer

HERE = Path(__file__).parent
FAMILIES = ["bert", "roberta", "distilbert", "albert", "electra"]
LISTS = [
    ["Maria", "Okafor", "joined", "Northwind", "Labs", "in", "Lisbon", "."],
    ["Prices", "rose", "4.5", "%", "in", "October", ",", "the", "fastest", "pace", "since", "2008"],
    ["O'Neill", "'s", "re-election", "(", "U.S.", ")", "``", "quoted", "''"],
    ["Zoë", "café", "naïve", "İstanbul", "Straße", "½", "ﬁ"],
    ["汉字과", "한국어の混ぜ物", "👩‍👩‍👧‍👦", "🇫🇷", "👍🏽"],
    ["two words", " leading", "trailing ", "tab\tinside", "new\nline"],
    ["\u0001", "", "a", "\u200d", "b", "\ufeff", "\u00a0", "c"],
    ["[MASK]", "<mask>", "x[SEP]y", "</s>", "[UNK]", "<s>z"],
    ["@user", "#hashtag", "http://example.org/a?b=c", "legal@example.org", "1,234,567.89"],
    ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "short"],
]


def main():
    out = {}
    for family in FAMILIES:
        more = {"add_prefix_space": True} if family == "roberta" else {}
        tokenizer = AutoTokenizer.from_pretrained(HERE / f"{family}-classify", **more)
        corpus = [line.split() for line in (HERE / "corpus.txt").read_text().splitlines()[:40]]
        out[family] = []
        for words in LISTS + corpus:
            encoded = tokenizer(words, is_split_into_words=True, add_special_tokens=False)
            out[family].append({"words": words, "ids": encoded.input_ids, "word_ids": encoded.word_ids()})
    lines = (f"{json.dumps(f)}: [\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]" for f, cases in out.items())
    (HERE / "words.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
