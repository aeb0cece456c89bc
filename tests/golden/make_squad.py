"""Writes squad.json: questions with what the official scripts of SQuAD say of them. Tests read the file, not this script.

    pip install transformers==4.57.1
    python make_squad.py > squad.json

The rules of v2.0 are transformers' copy of the official script. v1.1 shares its normalisation and exact match; its F1 has
no rule for answers without words.
"""

import json
import random
from collections import Counter
from types import SimpleNamespace

from transformers.data.metrics import squad_metrics as squad

random.seed(47)

WORDS = """the The THE a an An of and Rome rome ROME 1066 3,000 3000 $5 50% U.S. us it's Its l'été ÉTÉ été e\u0301te\u0301 Straße
STRASSE İstanbul ΑΣ ας 東京 Москва москва naïve (A) "the" a-b co-operate theatre an, the. — – … « » ½ Ⅷ ² ⅷ ⓐ A_b _ the_ é-a
blue whale Blue Whale green hill O'Neill Zürich zu\u0308rich a\u0301 अंग the\u0301 ﬁn ŉ ǅ a\u00ad \u200bthe""".split()
BLANKS = [" "] * 8 + ["  ", "\t", "\n", "\u00a0", "\u2003", "\u3000", "\u001c", "\u0085", " - ", ", "]


def phrase(most=5):
    words = random.choices(WORDS, k=random.choice(range(1, most + 1)))
    return words[0] + "".join(random.choice(BLANKS) + word for word in words[1:])


def changed(text):
    """What a model may have said instead."""
    way = random.randrange(7)
    words = text.split(" ")
    if way == 0:
        return text
    if way == 1:
        return text.upper()
    if way == 2:
        return " ".join(words[: random.randint(1, len(words))])
    if way == 3:
        return random.choice(["the ", "an ", "The, "]) + text + random.choice(["", ".", "!", " a"])
    if way == 4:
        return random.choice(["the", "a", "...", "An the", "-", "the."])
    if way == 5:
        return text + " " + phrase(2)
    return phrase()


def question(unanswerable):
    if random.random() < unanswerable:
        gold = []
    else:
        gold = [phrase() for _ in range(random.choice([1, 1, 2, 3]))]
        if random.random() < 0.08:
            gold[0] = random.choice(["the", "A", "...", "the an"])
    said = changed(random.choice(gold)) if gold else phrase()
    if random.random() < 0.12:
        said = ""
    # Few different values, so that many are tied.
    null = random.choice([round(random.gauss(0, 3), 1), float(random.randint(-3, 3)), random.gauss(0, 4)])
    return {"gold": gold, "said": said, "null": null}


def f1_of_v1(gold, said):
    gold, said = squad.normalize_answer(gold).split(), squad.normalize_answer(said).split()
    same = sum((Counter(gold) & Counter(said)).values())
    if same == 0:
        return 0
    precision, recall = same / len(said), same / len(gold)
    return 2 * precision * recall / (precision + recall)


def judged_by_v1(questions):
    best = lambda rule, one: max(rule(gold, one["said"]) for gold in one["gold"])
    return {
        "exact_match": sum(best(squad.compute_exact, one) for one in questions) / len(questions),
        "f1": sum(best(f1_of_v1, one) for one in questions) / len(questions),
    }


def judged_by_v2(questions, threshold):
    keys = [str(place) for place in range(len(questions))]
    examples = [
        SimpleNamespace(qas_id=key, answers=[{"text": text} for text in one["gold"]])
        for key, one in zip(keys, questions)
    ]
    said = {key: one["said"] for key, one in zip(keys, questions)}
    null = {key: one["null"] for key, one in zip(keys, questions)}
    answerable = {example.qas_id: bool(example.answers) for example in examples}
    exact, f1 = squad.get_raw_scores(examples, said)
    exact_at = squad.apply_no_ans_threshold(exact, null, answerable, threshold)
    f1_at = squad.apply_no_ans_threshold(f1, null, answerable, threshold)
    total = squad.make_eval_dict(exact_at, f1_at)
    metrics = {"exact_match": total["exact"] / 100, "f1": total["f1"] / 100}
    without = [key for key in keys if not answerable[key]]
    if without:
        metrics["no_answer_accuracy"] = squad.make_eval_dict(exact_at, f1_at, without)["exact"] / 100
        if with_answer := [key for key in keys if answerable[key]]:
            part = squad.make_eval_dict(exact_at, f1_at, with_answer)
            metrics |= {"has_answer_exact_match": part["exact"] / 100, "has_answer_f1": part["f1"] / 100}
    best = {}
    squad.find_all_best_thresh(best, said, exact, f1, null, answerable)
    return metrics | {
        "best_exact_match": best["best_exact"] / 100,
        "best_exact_match_threshold": best["best_exact_thresh"],
        "best_f1": best["best_f1"] / 100,
        "best_f1_threshold": best["best_f1_thresh"],
    }


def case(index):
    v2 = index % 2 == 1
    size = random.choice([1, 2, 3, 5, 8, 12])
    questions = [question(random.choice([0.0, 0.3, 0.5]) if v2 else 0.0) for _ in range(size)]
    threshold = random.choice([0.0, -1.0, 1.5, random.choice(questions)["null"]])
    return {
        "v2": v2,
        "threshold": threshold,
        "questions": questions,
        "metrics": judged_by_v2(questions, threshold) if v2 else judged_by_v1(questions),
    }


def rows(cases):
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in cases) + "\n]"


texts = sorted({phrase(6) for _ in range(600)})
print('{"normalized":' + rows([text, squad.normalize_answer(text)] for text in texts), end="")
print(',\n"cases":' + rows(map(case, range(1200))) + "}")
