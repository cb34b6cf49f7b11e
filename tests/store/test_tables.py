"""Tables are read as they were written, and damaged ones are refused."""

import numpy as np
import pandas as pd
import pytest

from descent.errors import InputError
from descent.store import tables
from descent.store.tables import TRACE


def trace(seeds=(0, 1), steps=(0, 1, 2)) -> pd.DataFrame:
    rows = [{"seed": seed, "step": step, "epoch": step / 2} for seed in seeds for step in steps]
    named = {"study": "s", "dataset": "d", "model": "m", "optimizer": "o", "step_size": 0.1}
    named |= {"engine": "e", "batch_size": "full"}
    values = {"objective": 1 / 3, "train_loss": np.inf, "test_loss": np.nan, "gradient_norm": 0.1}
    return pd.DataFrame(rows).assign(**named, **values)[TRACE]


def test_every_float_is_read_exactly(tmp_path):
    table = trace().assign(objective=np.random.default_rng(0).normal(size=6) ** 9)
    tables.write(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(tables.read(tmp_path / "t.csv", TRACE), table, check_exact=True)
    assert ",inf,nan,0.1\n" in (tmp_path / "t.csv").read_text()


def test_names_that_look_like_numbers_stay_strings(tmp_path):
    words = {"study": "nan", "dataset": "007", "model": "1e5", "optimizer": "inf", "engine": "NA"}
    table = trace().assign(**words)
    tables.write(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(tables.read(tmp_path / "t.csv", TRACE), table)


def csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file"),
        ("", "not a readable CSV file"),
        ("a,b\n1,2\n", "has no column study"),
        ("a\n1,2\n3\n4,5,6\n", "not a readable CSV file"),
        (csv(trace().iloc[:4]), "lacks the same steps for each of the seeds [0, 1]"),
        (csv(trace(seeds=[0, 2])), "lacks the same steps for each of the seeds [0, 1]"),
        (csv(trace().assign(more=1)), "has other columns than "),
    ],
)
def test_a_damaged_trace_is_one_message_with_its_path(tmp_path, content, says):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    tables.write(trace(), good)
    if content is not None:
        bad.write_text(content)
    with pytest.raises(InputError) as error:
        tables.read_runs([good, bad], [0, 1])
    assert str(error.value).startswith(f"{bad}: {says}")
