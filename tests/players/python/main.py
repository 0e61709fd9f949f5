"""Plays steps of JSON on the cache. `../README.md` describes the protocol."""

import sys

from player.play import Player


def main() -> None:
    player = Player(sys.stdin.buffer, sys.stdout.buffer)
    steps = sys.argv[1:]
    if not steps:
        player.play_input()
    for step in steps:
        player.play_line(step.encode())
