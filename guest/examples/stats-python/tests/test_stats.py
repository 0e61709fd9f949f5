import string

from stats import FileStats, count


def test_everything_is_counted() -> None:
    stats = count("The cat, the_dog\nand THE cät-cat\n\nlast line")
    assert (stats.lines, stats.words, stats.bytes, stats.longest_line) == (4, 9, 44, 16)
    assert stats.frequent[:5] == [("cat", 2), ("the", 2), ("and", 1), ("cät", 1), ("last", 1)]


def test_only_two_ends_of_lines_are_known() -> None:
    stats = count("a\r\nb\rc\x0bd\x85e\u2028f\n\r")
    assert (stats.lines, stats.longest_line) == (3, 9)


def test_small_letters_are_ascii() -> None:
    assert count("ÄÖ İ K\u212a").frequent == [("k\u212a", 1), ("ÄÖ", 1), ("İ", 1)]


def test_an_empty_file_has_nothing() -> None:
    assert count("") == FileStats()


def test_at_most_ten_words_are_kept() -> None:
    stats = count(" ".join(string.ascii_lowercase))
    assert (stats.words, len(stats.frequent), stats.frequent[9][0]) == (26, 10, "j")
