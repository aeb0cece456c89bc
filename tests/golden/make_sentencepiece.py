"""Makes sentencepiece/: small SentencePiece models as XLM-RoBERTa and CamemBERT have them, and what their tokenizers in
transformers make of texts.

Run once with transformers 4.57.1 and sentencepiece; the tests read what it made. The ids are those of SentencePiece
itself, under fairseq's numbers. Offsets are of the converted tokenizer, for the texts that it takes apart in the same way.
"""

import json
import os
from pathlib import Path

import sentencepiece
from transformers import CamembertTokenizer, CamembertTokenizerFast, XLMRobertaTokenizer, XLMRobertaTokenizerFast

from make_spiece import HOSTILE, rows

HERE = Path(__file__).parent
OUT = HERE / "sentencepiece"
MORE = [
    "彼女は東京から京都まで新幹線で行きました。",
    "她把茶倒进杯子里，然后打开了窗户。",
    "نهر النيل أطول نهر في أفريقيا",
    "नदी के किनारे एक पुराना घर है",
    "แมวนอนอยู่บนโซฟา",
    "the <mask> leaves <s> at </s> <unk> seven <pad>",
    "a<mask>b <mask>, <mask>",
    "▁under▁scores ▁ ▁▁ here",
    "<s>NOTUSED and <unk>NOTUSED",
    "full　width ＡＢＣ１２３ ½ ﬁ",
]
PAIRS = [("The ferry leaves at seven.", "Is there a train?"), ("", "b"), ("Le garçon", "a mangé une crêpe")]
KINDS = {
    "xlm-roberta": (XLMRobertaTokenizer, XLMRobertaTokenizerFast),
    "camembert": (CamembertTokenizer, CamembertTokenizerFast),
}


def main():
    texts = (HERE / "corpus.txt").read_text().splitlines()[:60] + HOSTILE + MORE
    # A model keeps the paths that it was trained by, so they are relative.
    os.chdir(HERE)
    for name, (slow_class, fast_class) in KINDS.items():
        folder = OUT / name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "sentencepiece.bpe.model"
        sentencepiece.SentencePieceTrainer.train(
            input="corpus.txt",
            model_prefix=f"sentencepiece/{name}/sentencepiece.bpe",
            vocab_size=340,
            hard_vocab_limit=False,
            character_coverage=1.0,
        )
        (folder / "sentencepiece.bpe.vocab").unlink()
        slow, fast = slow_class(str(path)), fast_class(str(path))
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": slow_class.__name__}) + "\n")
        found = rows(slow, fast, texts)
        pairs = [{"text": a, "pair": b, "ids": slow(a, b)["input_ids"]} for a, b in PAIRS]
        told = {"size": len(slow), "mask": slow.mask_token_id, "rows": found, "pairs": pairs}
        (folder / "expected.json").write_text(json.dumps(told, ensure_ascii=False, indent=1))
        print(name, len(slow), sum(row["offsets"] is None for row in found), "of", len(found), "apart")


if __name__ == "__main__":
    main()
