import pytest

from arguments import Arguments, WrongUse, parse


def test_options_and_directories_come_in_any_order() -> None:
    words = "a/ --evict ./b/ --load-delay 250 c --summary-json --evict d"
    assert parse(words.split()) == Arguments(["a", "c"], ["b", "d"], 0.25, True)


def test_help_is_help_wherever_it_stands() -> None:
    assert parse(["a", "--help", "--wrong"]) is None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "no directory"),
        ("--evict", "followed by a directory"),
        ("a --load-delay", "followed by a number"),
        ("a --load-delay soon", "`soon`"),
        ("a --load-delay -5", "`-5`"),
        ("a --load-delay 99999999999999999999", "not `9"),
        ("a --summary", "`--summary`"),
    ],
)
def test_a_wrong_command_line_is_refused_with_its_reason(words: str, reason: str) -> None:
    with pytest.raises(WrongUse, match=reason):
        parse(words.split())
