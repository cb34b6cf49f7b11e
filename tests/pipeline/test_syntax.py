"""Configuration files that nobody should write: one line with the place, and soon."""

from pathlib import Path

import pytest
import yaml

from descent.errors import InputError
from pipeline.config import read_studies
from pipeline.syntax import check_syntax

BOMB = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{9 * f'*a{i - 1}, '}]\n" for i in range(1, 40))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{9 * f'*a{i - 1}, '}]}}\n" for i in range(1, 19)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 40))
DEEP = "more levels of mappings and lists; allowed: at most 20"
MANY = "more values, with those that aliases repeat; allowed: at most 1,000,000"
LONG = 9999 * "x"

# a file, and its message
REFUSED = [
    # bytes
    (b"", ": found no mapping; allowed: a mapping with studies"),
    (b"\xef\xbb\xbf", ": found no mapping"),
    (b"# only this\n", ": found no mapping"),
    (b"- studies", ": found no mapping"),
    (b"a: 1\nb: \xfcber\n", ", line 2: found the byte 0xfc; allowed: UTF-8"),
    ("a: 1\n".encode("utf-16"), ", line 1: found the byte 0xff; allowed: UTF-8"),
    (b"a: 1\nb: x\0\n", r", line 2: found '\x00'; allowed: printable characters"),
    (b"a: 1\nb: \x1b[2J\n", r", line 2: found '\x1b'; allowed: printable"),
    # no YAML
    (b"a: 1\nb: [c: d: e]\n", ", line 2: is not YAML (while parsing a flow sequence: "),
    (b"a: 1\n\tb: 1\n", ", line 2: is not YAML (while scanning a plain scalar: found a tab"),
    (b"a:\t1\n", ", line 1: is not YAML (while scanning for the next token: found char"),
    (b"a: *b\n", ", line 1: is not YAML (found undefined alias"),
    (b"a: *" + LONG.encode(), ", line 1: is not YAML (found undefined alias"),
    (
        b"a: &a 3\nb: &a [1]\n",
        ", line 2: is not YAML (found duplicate anchor 'a'; first occurrence: ",
    ),
    (
        b"a: 1\n---\nb: 1\n",
        ", line 2: is not YAML (expected a single document in the stream: but found an",
    ),
    # tags
    (b"a: 1\nb: !!python/tuple [1]\n", ", line 2: cannot be read (could not determine a const"),
    (b"a: !!python/name:os.system ''\n", ", line 1: cannot be read (could not determine a const"),
    (b"a: !!python/object/apply:os.system [ls]", ", line 1: cannot be read (could not determine"),
    (
        b"a: !foo 3\n",
        ", line 1: cannot be read (could not determine a constructor for the tag '!foo",
    ),
    (b"a: =\n", ", line 1: cannot be read (could not determine a constructor"),
    (b"a: !!str [1]\n", ", line 1: cannot be read (expected a scalar node, but found sequence)"),
    (b"!!set {a, b}", ": found no mapping"),
    (
        b"a: {<<: 3}\n",
        ", line 1: cannot be read (while constructing a mapping: expected a mapping",
    ),
    # values that cannot be made
    (b"a: 1\nb: 2020-13-45\n", ", line 2: cannot be read (month must be in 1..12: 2020-13-45)"),
    (b"a: !!int x\n", ", line 1: cannot be read (invalid literal for int() with base 10: 'x': x)"),
    (b"a: !!bool x\n", ", line 1: cannot be read ('x': x)"),
    (b"a: !!timestamp x\n", ", line 1: cannot be read ("),
    (b"a: " + 5000 * b"1", ", line 1: cannot be read (Exceeds the limit (4300 digits) for integer"),
    (
        b"a: 0x" + 5000 * b"f",
        ", line 1: cannot be read (Exceeds the limit (4300 digits) for integer",
    ),
    # keys
    (b"a: 1\n2020-10-10: 3\n", ", line 2: found 2020-10-10 as a key; allowed: a word"),
    (b"a: {b: {!!binary eA==: 3}}\n", ", line 1: found eA== as a key; allowed: a word"),
    (b"a: 1\n? [1, 2]\n: 3\n", ", line 2: found a list or a mapping as a key; allowed: a word"),
    (b"? !!str [1, 2]\n: 3\n", ", line 1: found a list or a mapping as a key; allowed: a word"),
    (b"? {a: 1}\n: 3\n", ", line 1: found a list or a mapping as a key; allowed: a word"),
    (b"a: &a 2020-10-10\nb: {*a : 3}\n", ", line 1: found 2020-10-10 as a key"),
    (b"a: 1\n__use_yte__: true\n", ", line 2: found the key __use_yte__, with which a file runs"),
    (b'"\\x5f_use_yte__": false\n', ", line 1: found the key __use_yte__, with which a file runs"),
    (b"<<: {__use_yte__: true}\n", ", line 1: found the key __use_yte__, with which a file runs"),
    # nesting and aliases
    (b"a:\n  " + 500 * b"[" + 500 * b"]", f", line 2: found {DEEP}"),
    (b"[" * 10**6, f", line 1: found {DEEP}"),
    (b"\n".join(i * b" " + b"a:" for i in range(500)), f", line 21: found {DEEP}"),
    (CHAIN.encode(), f", line 20: found {DEEP}"),
    (BOMB.encode(), f", line 7: found {MANY}"),
    (MERGES.encode(), f", line 7: found {MANY}"),
    (b"a: 1\nb: &b {c: *b}\n", ", line 2: found *b inside &b; allowed: after it"),
    (b"&a\na: 1\nb: [*a]\n", ", line 3: found *a inside &a; allowed: after it"),
    (b"&a [*a]", ", line 1: found *a inside &a; allowed: after it"),
]


@pytest.mark.parametrize(("content", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_must_not_go_any_further_is_one_line(tmp_path, monkeypatch, content, says):
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_bytes(content)
    with pytest.raises(InputError) as error:
        check_syntax("config.yaml")
    message = str(error.value)
    assert message.startswith(f"config.yaml{says}")
    assert message.isprintable()
    assert len(message) < 200
    with pytest.raises(InputError) as error:  # before the values of a further file are looked at
        read_studies({}, ["config.yaml"])
    assert str(error.value) == message


@pytest.mark.parametrize(("name", "says"), [("none.yaml", "No such file"), (".", "Is a directory")])
def test_a_file_that_is_not_there(tmp_path, monkeypatch, name, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"^{name}: cannot be read \({says}"):
        check_syntax(name)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffa: 1",
        "a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: {<<: [*a, {z: 3}]}\n<<: *a",
        "a: &a 3\nb: [*a, *a]\n*a : 1",
        "1: a\n1.5: b\nnull: c\ntrue: d",
        f"a: {19 * '['}{19 * ']'}",
        f"a: &a [{9999 * '1,'}]\nb: [{98 * '*a,'}]",
        '{"a": {"b": [1, 2.5e-3, null, true, "\\u00e9"]}}',
        "a: 2020-10-10",
    ],
)
def test_what_is_no_more_than_unusual_goes_on(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    assert check_syntax(str(path)) == []
    assert isinstance(yaml.safe_load(text), dict)


def test_keys_that_stand_twice(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text('a: &a {b: 1, b: 2}\nc: *a\nd:\n- "x\\ny": 1\n  "x\\ny": 2\n  z: 3\na: 1\n')
    twice = ["line 7: found a", "line 1: found b", r"line 5: found 'x\ny'"]
    assert check_syntax(str(path)) == [f"{line} a second time; allowed: once" for line in twice]
