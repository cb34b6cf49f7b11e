"""Files of users: what they must define, and the message if they do not."""

import sys

import pytest

from descent import datasets, plugins
from descent.errors import InputError
from descent.plugins import options, plugin


@pytest.mark.parametrize(
    ("text", "says"),
    [("x = 1\n", "odd.py: defines no SIZE, no obtain"), ("def :\n", "odd.py: cannot be imported")],
)
def test_a_wrong_file_is_one_line_with_its_name(tmp_path, monkeypatch, text, says):
    (tmp_path / "odd.py").write_text(text)
    monkeypatch.setattr(datasets, "__path__", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "descent.datasets.odd", raising=False)
    with pytest.raises(InputError, match=says):
        plugin("datasets", "odd")


@pytest.mark.parametrize(
    ("kind", "name", "function", "says"),
    [
        ("update_rules", "plain", lambda p, g: p, r"found \(p, g\); allowed: \(p, g, step_size, …"),
        ("schedules", "constant", lambda t: t, r"found \(t\); allowed: \(t, steps, …\)"),
    ],
)
def test_a_function_without_required_arguments_is_refused(monkeypatch, kind, name, function, says):
    monkeypatch.setattr(plugin(kind, name), plugins.OPTIONS_OF[kind][0], function)
    with pytest.raises(InputError, match=says):
        options(kind, name)
