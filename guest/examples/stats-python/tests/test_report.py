from dataclasses import replace

from report import Directory, Summary, written
from spakky_cache import Metrics
from stats import count


def test_a_report_has_files_and_a_total() -> None:
    directory = Directory("d")
    directory.add("d/a", count("one two\none\n"))
    directory.add("d/b", count(""))
    assert written(directory) == (
        "d/a: 2 lines, 3 words, 12 bytes, longest line 7\n"
        "    one 2, two 1\n"
        "d/b: 0 lines, 0 words, 0 bytes, longest line 0\n"
        "d: 2 files, 2 lines, 3 words, 12 bytes, longest line 7\n"
        "\n"
    )


def test_a_summary_counts_what_happened_since() -> None:
    before = Metrics(5, 1, 0, 0, 0, 0, 0, 0)
    after = replace(before, hits=7, misses=4, writes=3, stampede_waits=1)
    assert (
        Summary(before, after, 3, 0.0125).to_json()
        == '{"hits":2,"misses":3,"writes":3,"loads":3,"waits":1,"duration_ms":12}'
    )
