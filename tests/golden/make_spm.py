"""Makes spm/: a small SentencePiece model as DeBERTa has it, and what transformers' tokenizer makes of texts with it.

Run once with transformers 4.57.1, sentencepiece and protobuf; the tests read what it made. The ids are those of the
tokenizer that AutoTokenizer opens, which spells no byte.
"""

import json
import os
from pathlib import Path

import sentencepiece
from transformers import DebertaV2Tokenizer, DebertaV2TokenizerFast

from make_sentencepiece import MORE, PAIRS
from make_spiece import HOSTILE

HERE = Path(__file__).parent
OUT = HERE / "spm"
CONFIGS = {"plain": {}, "parted": {"do_lower_case": True, "split_by_punct": True}}


def main():
    # The model keeps the paths that it was trained by, so they are relative.
    os.chdir(HERE)
    OUT.mkdir(exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        input="corpus.txt",
        model_prefix="spm/spm",
        vocab_size=360,
        hard_vocab_limit=False,
        character_coverage=1.0,
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        pad_piece="[PAD]",
        bos_piece="[CLS]",
        eos_piece="[SEP]",
        unk_piece="[UNK]",
    )
    (OUT / "spm.vocab").unlink()
    texts = (HERE / "corpus.txt").read_text().splitlines()[:60] + HOSTILE + MORE
    texts = [text.replace("<mask>", "[MASK]").replace("<s>", "[CLS]").replace("</s>", "[SEP]") for text in texts]
    expected = {}
    for name, config in CONFIGS.items():
        slow = DebertaV2Tokenizer(str(OUT / "spm.model"), **config)
        fast = DebertaV2TokenizerFast(str(OUT / "spm.model"), **config)
        rows, apart = [], 0
        for text in texts:
            encoded = fast(text, return_offsets_mapping=True)
            rows.append({"text": text, "ids": encoded["input_ids"], "offsets": encoded["offset_mapping"]})
            apart += slow(text)["input_ids"] != encoded["input_ids"]
        pairs = [{"text": a, "pair": b, "ids": (e := fast(a, b))["input_ids"], "types": e["token_type_ids"]} for a, b in PAIRS]
        expected[name] = {"config": config, "size": len(fast), "mask": fast.mask_token_id, "rows": rows, "pairs": pairs}
        print(name, len(fast), apart, "of", len(rows), "are taken apart otherwise by the slow tokenizer")
    (OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
