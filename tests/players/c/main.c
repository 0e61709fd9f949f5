/* Plays steps of JSON on the cache. `../README.md` describes the protocol. */
#include "play.h"

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        play_line(argv[i]);
    }
    if (argc < 2) {
        play_input();
    }
}
