"""Small Parquet files as the Hugging Face hub serves them, written by pyarrow, into `parquet/`.

Not run by the tests. `pip install pyarrow`, then `python make_parquet.py` in this folder.
"""

import datetime
import json
import pathlib
import uuid
from decimal import Decimal

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
    moments()


def moments():
    moment = datetime.datetime(2020, 2, 29, 12, 34, 56, 250000)
    there = datetime.timezone(datetime.timedelta(hours=2))
    lasted = datetime.timedelta(days=1, hours=2, seconds=4, milliseconds=500)
    key = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    write(
        "moments",
        {
            "nano": pa.array([1582979696250000001, None], pa.timestamp("ns")),
            "nano_zone": pa.array([1582979696250000001, -1], pa.timestamp("ns", "Europe/Berlin")),
            "micro": pa.array([moment, None], pa.timestamp("us")),
            "micro_zone": pa.array([moment.replace(tzinfo=there), None], pa.timestamp("us", "UTC")),
            "milli": pa.array([moment, None], pa.timestamp("ms")),
            "second": pa.array([moment.replace(microsecond=0), None], pa.timestamp("s")),
            "day": pa.array([moment.date(), None], pa.date32()),
            "day_millis": pa.array([moment.date(), None], pa.date64()),
            "time_milli": pa.array([moment.time(), None], pa.time32("ms")),
            "time_micro": pa.array([moment.time(), None], pa.time64("us")),
            "time_nano": pa.array([1, None], pa.time64("ns")),
            "lasted": pa.array([lasted, None], pa.duration("ns")),
            "lasted_milli": pa.array([lasted, -lasted], pa.duration("ms")),
            "price": pa.array([Decimal("12.05"), Decimal("-3.00")], pa.decimal128(5, 2)),
            "half": pa.array([0.5, float("nan")], pa.float16()),
            "key": pa.array([key.bytes, None], pa.uuid()),
            "list": pa.array([[1582979696250000001], []], pa.list_(pa.timestamp("ns"))),
            "struct": pa.array([{"at": 1, "n": 1}, None], pa.struct([("at", pa.timestamp("ns")), ("n", pa.int64())])),
            "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.timestamp("ns", "UTC"))),
            "numbers": pa.array([[1], []], pa.list_(pa.int64())),
        },
    )
    # As Spark and Impala wrote them for long.
    old = pa.table({"at": pa.array([moment, None], pa.timestamp("us"))})
    pq.write_table(old, HERE / "moments-96.parquet", use_deprecated_int96_timestamps=True)


if __name__ == "__main__":
    main()
