import numpy as np
import pandas as pd
import pytest

from descent import columns, tables
from descent.errors import InputError
from descent.files import checksum
from descent.provenance import here


def trace(seeds=(0, 1), steps=(0, 1, 2)) -> pd.DataFrame:
    rows = [{"seed": seed, "step": step, "epoch": step / 2} for seed in seeds for step in steps]
    named = {"study": "s", "dataset": "d", "model": "m", "optimizer": "o", "step_size": 0.1}
    named |= {"engine": "e", "batch_size": "full"}
    values = {"objective": 1 / 3, "train_loss": np.inf, "test_loss": np.nan, "gradient_norm": 0.1}
    return pd.DataFrame(rows).assign(**named, **values)[columns.TRACE]


def test_every_float_comes_back(tmp_path):
    table = trace().assign(objective=np.random.default_rng(0).normal(size=6) ** 9)
    tables.write(table, tmp_path / "t.csv")
    read = tables.read(tmp_path / "t.csv", columns.TRACE)
    pd.testing.assert_frame_equal(read, table, check_exact=True)
    text = (tmp_path / "t.csv").read_text()
    assert ",inf,nan,0.1\n" in text


def test_words_that_look_like_numbers_stay_words(tmp_path):
    words = {"study": "nan", "dataset": "007", "model": "1e5", "optimizer": "inf", "engine": "NA"}
    table = trace().assign(**words)
    tables.write(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(tables.read(tmp_path / "t.csv", columns.TRACE), table)


def rows(table: pd.DataFrame) -> str:
    return table.to_csv(index=False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file"),
        ("", "not a readable CSV file"),
        ("a,b\n1,2\n", "has no column study"),
        ("a\n1,2\n3\n4,5,6\n", "not a readable CSV file"),
        (rows(trace().iloc[:4]), "has not all rows of the seeds [0, 1]"),
        (rows(trace(seeds=[0])), "has not all rows of the seeds [0, 1]"),
        (rows(trace(seeds=[0, 2])), "has not all rows of the seeds [0, 1]"),
        (rows(trace().assign(more=1)), "has other columns than the runs before it"),
    ],
)
def test_a_damaged_trace_is_one_clear_message(tmp_path, content, says):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    tables.write(trace(), good)
    if content is not None:
        bad.write_text(content)
    sums = {here(path): checksum(path) for path in (good, bad) if path.exists()}
    with pytest.raises(InputError) as error:
        tables.read_runs([good, bad], [0, 1], sums)
    assert str(error.value).startswith(f"{bad}: {says}")


def test_a_trace_that_was_altered_is_not_read(tmp_path):
    path = tmp_path / "trace.csv"
    tables.write(trace(), path)
    sums = {here(path): checksum(path)}
    tables.read_runs([path], [0, 1], sums)
    content = path.read_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"trace\.csv: was altered: SHA-256 .*Delete it"):
            tables.read_runs([path], [0, 1], sums)
    path.write_bytes(content)
    with pytest.raises(InputError, match="nothing recorded it"):
        tables.read_runs([path], [0, 1], {})
