from pathlib import Path

import pytest

from files import File, below, normal, text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".", "."),
        ("./", "."),
        ("", "."),
        ("a/", "a"),
        ("./a//b/./c/", "a/b/c"),
        ("../a", "../a"),
        ("/", "/"),
        ("/a/", "/a"),
    ],
)
def test_a_path_has_one_form(path: str, expected: str) -> None:
    assert normal(path) == expected


def test_files_are_found_below_a_directory_and_sorted(tmp_path: Path) -> None:
    for name in (
        "b/c.txt",
        "a.txt",
        "b/d/e.txt",
        "b-c.txt",
        "target/x.txt",
        "b/node_modules/y.txt",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "b")
    root = str(tmp_path)
    files = below(normal(root))
    assert [file.path.removeprefix(root) for file in files] == [
        "/a.txt",
        "/b-c.txt",
        "/b/c.txt",
        "/b/d/e.txt",
    ]
    assert files[-1].directories == [root, f"{root}/b", f"{root}/b/d"]


def test_what_is_no_text_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content, expected in [(b"caf\xc3\xa9", "café"), (b"caf\xe9", None), (b"a\0", None)]:
        file.write_bytes(content)
        assert text(File(str(file), [])) == expected


def test_a_directory_that_is_not_there_is_named() -> None:
    with pytest.raises(OSError, match="`no/such/directory`: No such file"):
        below("no/such/directory")
