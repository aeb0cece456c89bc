"""Small Arrow files as pyarrow, Feather and the datasets library write them, into `arrow/`.

Not run by the tests. `pip install pyarrow datasets`, then `python make_arrow.py` in this folder.
"""

import datetime
import json
import pathlib
import shutil
from decimal import Decimal

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value

HERE = pathlib.Path(__file__).parent / "arrow"


def kinds():
    day = datetime.date(2022, 1, 8)
    moment = datetime.datetime(2022, 1, 8, 12, 30, 5, 250000)
    pairs = pa.list_(pa.struct([("a", pa.int8()), ("b", pa.string())]))
    return pa.table(
        {
            "text": pa.array(["a \"good\" film", None, "ü, 日本", ""]),
            "large": pa.array(["one", "two", None, "four"], pa.large_string()),
            "view": pa.array(["short", "a text that is longer than twelve bytes", None, "x"], pa.string_view()),
            "flag": pa.array([True, False, None, True]),
            "small": pa.array([-5, 7, None, 127], pa.int8()),
            "big": pa.array([2**63, 1, None, 0], pa.uint64()),
            "half": pa.array([0.5, -1.25, None, float("nan")], pa.float16()),
            "single": pa.array([0.1, 1, None, 1e10], pa.float32()),
            "double": pa.array([0.1, float("inf"), None, -2], pa.float64()),
            "day": pa.array([day, datetime.date(1969, 12, 31), None, datetime.date(2000, 2, 29)]),
            "moment": pa.array([moment, datetime.datetime(1970, 1, 1), None, moment], pa.timestamp("us")),
            "list": pa.array([[1, 2], [], None, [None, 3]], pa.list_(pa.int64())),
            "large_list": pa.array([["a"], [], None, ["b", "c"]], pa.large_list(pa.string())),
            "fixed": pa.array([[1, 2], [3, 4], None, [5, 6]], pa.list_(pa.int32(), 2)),
            "pairs": pa.array([[{"a": 1, "b": "x"}], None, [], [{"a": None, "b": "\""}]], pairs),
            "map": pa.array([[("k", 1)], [], None, [("l", 2), ("m", None)]], pa.map_(pa.string(), pa.int32())),
            "word": pa.array(["red", "blue", None, "red"]).dictionary_encode(),
            "words": pa.array([["red"], ["blue", "red"], None, []], pa.list_(pa.string())),
            "bytes": pa.array([b"plain", b"\xff\xfe", None, b""]),
            "nothing": pa.nulls(4),
        }
    )


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    table = kinds()
    for name, opener, codec in [
        ("stream", ipc.new_stream, None),
        ("file", ipc.new_file, None),
        ("lz4", ipc.new_stream, "lz4"),
        ("zstd", ipc.new_file, "zstd"),
    ]:
        options = ipc.IpcWriteOptions(compression=codec)
        with opener(HERE / f"{name}.arrow", table.schema, options=options) as writer:
            # Two batches, the first of one row, so that offsets and bits begin within a byte.
            for batch in [table.slice(0, 1), table.slice(1)]:
                writer.write_table(batch)
    expected = [
        # What a cell holds, by the rules of the Parquet reader.
        {name: cells[row] for name, cells in written().items()}
        for row in range(4)
    ]
    (HERE / "kinds.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
    simple = pa.table({"text": ["a good film", "a bad film"], "label": ["pos", "neg"]})
    feather.write_feather(simple, HERE / "reviews.feather")
    decimal = pa.table({"text": ["a"], "price": pa.array([1], pa.decimal128(5, 2))})
    with ipc.new_stream(HERE / "decimal.arrow", decimal.schema) as writer:
        writer.write_table(decimal)
    rare = pa.table(
        {
            "text": ["a", "b", "c"],
            "price": pa.array([Decimal("12.05"), Decimal("-3.00"), None], pa.decimal128(5, 2)),
            "cold": pa.array([Decimal("-0.5"), Decimal("1.5"), Decimal("0.0")], pa.decimal256(40, 1)),
            "at": pa.array([datetime.time(12, 34, 56, 250000), datetime.time(0, 0, 1), None], pa.time64("us")),
            "key": pa.array([b"ab", b"cd", b"ef"], pa.binary(2)),
            "either": pa.UnionArray.from_dense(
                pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2]), pa.array(["x"])]
            ),
            "run": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["x", "y"])),
            "when": pa.array([datetime.datetime(2020, 2, 29, 12, 34, 56), datetime.datetime(1969, 12, 31, 23, 59, 59), None], pa.timestamp("us")),
        }
    )
    with ipc.new_stream(HERE / "rare.arrow", rare.schema) as writer:
        writer.write_table(rare)
    lasted = datetime.timedelta(days=1, hours=2, seconds=4, milliseconds=500)
    moments = pa.table(
        {
            "nano": pa.array([1582979696250000001, None], pa.timestamp("ns")),
            "nano_zone": pa.array([1582979696250000001, -1], pa.timestamp("ns", "Europe/Berlin")),
            "second": pa.array([1582979696, None], pa.timestamp("s")),
            "day_millis": pa.array([datetime.date(2020, 2, 29), None], pa.date64()),
            "time_milli": pa.array([datetime.time(12, 34, 56, 250000), None], pa.time32("ms")),
            "lasted": pa.array([lasted, None], pa.duration("ns")),
            "lasted_milli": pa.array([lasted, -lasted], pa.duration("ms")),
            "list": pa.array([[lasted], []], pa.list_(pa.duration("us"))),
        }
    )
    with ipc.new_file(HERE / "moments.arrow", moments.schema) as writer:
        writer.write_table(moments)
    tags = ClassLabel(names=["O", "B-PER", "I-PER"])
    features = Features(
        {"text": Value("string"), "label": ClassLabel(names=["neg", "pos"]), "tokens": Sequence(Value("string")), "ner_tags": Sequence(tags)}
    )
    rows = {
        "text": ["a good film", "a bad film", "Ann Lee", "so so", "fine"],
        "label": [1, 0, 1, -1, 1],
        "tokens": [["a", "good", "film"], ["a"], ["Ann", "Lee"], [], ["fine"]],
        "ner_tags": [[0, 0, 0], [0], [1, 2], [], [0]],
    }
    train = Dataset.from_dict(rows, features=features)
    train.save_to_disk(HERE / "saved", num_shards=2)
    DatasetDict({"train": train, "validation": train.select(range(2)), "test": train.select([4])}).save_to_disk(HERE / "splits")


def written():
    return {
        "text": ['a "good" film', "", "ü, 日本", ""],
        "large": ["one", "two", "", "four"],
        "view": ["short", "a text that is longer than twelve bytes", "", "x"],
        "flag": ["true", "false", "", "true"],
        "small": ["-5", "7", "", "127"],
        "big": ["9223372036854775808", "1", "", "0"],
        "half": ["0.5", "-1.25", "", ""],
        "single": ["0.1", "1", "", "10000000000"],
        "double": ["0.1", "", "", "-2"],
        "day": ["2022-01-08", "1969-12-31", "", "2000-02-29"],
        "moment": ["2022-01-08T12:30:05.25", "1970-01-01T00:00:00", "", "2022-01-08T12:30:05.25"],
        "list": ["[1,2]", "[]", "", "[null,3]"],
        "large_list": ['["a"]', "[]", "", '["b","c"]'],
        "fixed": ["[1,2]", "[3,4]", "", "[5,6]"],
        "pairs": ['[{"a":1,"b":"x"}]', "", "[]", '[{"a":null,"b":"\\""}]'],
        "map": ['{"k":1}', "{}", "", '{"l":2,"m":null}'],
        "word": ["red", "blue", "", "red"],
        "words": ['["red"]', '["blue","red"]', "", "[]"],
        "bytes": ["plain", "(2 bytes)", "", ""],
        "nothing": ["", "", "", ""],
    }


if __name__ == "__main__":
    main()
