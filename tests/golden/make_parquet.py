"""Small Parquet files as the Hugging Face hub serves them, written by pyarrow, into `parquet/`.

Not run by the tests. `pip install pyarrow`, then `python make_parquet.py` in this folder.
"""

import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent / "parquet"


def write(name, columns, features=None, **options):
    table = pa.table(columns)
    if features is not None:
        # What the `datasets` library writes beside the columns.
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, HERE / f"{name}.parquet", **options)


def value(dtype):
    return {"dtype": dtype, "_type": "Value"}


def main():
    HERE.mkdir(exist_ok=True)
    sentiment = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    texts = ["a good film", "a \"bad\" film", "ü, 日本", "not labelled", ""]
    labels = [1, 0, 1, -1, None]
    for codec in ["snappy", "zstd", "gzip", "none"]:
        write(
            f"classes-{codec}",
            {"text": texts, "label": pa.array(labels, pa.int64())},
            {"text": value("string"), "label": sentiment},
            compression=codec,
            row_group_size=2,
        )
    tags = ["O", "B-PER", "I-PER", "B-LOC"]
    for name, kind in [("sequence", "Sequence"), ("list", "List")]:
        write(
            f"tags-{name}",
            {
                "id": ["0", "1"],
                "tokens": [["Ann", "Lee", "saw", "Rome"], ["\"", "No", "one"]],
                "ner_tags": pa.array([[1, 2, 0, 3], [0, 0, 0]], pa.list_(pa.int64())),
            },
            {
                "id": value("string"),
                "tokens": {"feature": value("string"), "_type": kind},
                "ner_tags": {"feature": {"names": tags, "_type": "ClassLabel"}, "_type": kind},
            },
        )
    answers = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])
    context = "Ann Lee saw Rome. She liked it."
    write(
        "squad",
        {
            "id": ["q1", "q2"],
            "title": ["Travel", "Travel"],
            "context": [context, context],
            "question": ["Who saw Rome?", "Who saw Paris?"],
            "answers": pa.array(
                [{"text": ["Ann Lee", "Ann"], "answer_start": [0, 0]}, {"text": [], "answer_start": []}], answers
            ),
        },
        {
            "id": value("string"),
            "title": value("string"),
            "context": value("string"),
            "question": value("string"),
            "answers": {"feature": {"text": value("string"), "answer_start": value("int32")}, "_type": "Sequence"},
        },
        compression="zstd",
    )
    write(
        "kinds",
        {
            "flag": [True, None],
            "small": pa.array([-5, 7], pa.int8()),
            "big": pa.array([2**63, 1], pa.uint64()),
            "half": [0.5, -1.25],
            "single": pa.array([0.1, float("nan")], pa.float32()),
            "bytes": pa.array([b"plain", b"\xff\xfe"], pa.binary()),
            "day": pa.array([0, 19000], pa.date32()),
            "pairs": pa.array([[{"a": 1, "b": "x"}], None], pa.list_(pa.struct([("a", pa.int32()), ("b", pa.string())]))),
            "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int32())),
        },
    )
    write("empty", {"text": pa.array([], pa.string())})


if __name__ == "__main__":
    main()
