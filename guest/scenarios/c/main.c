/* Plays steps of JSON on the cache, so that a test can drive the contract and the library
 * from data. `../README.md` describes the protocol. */
#include <stdlib.h>

#include "play.h"

int main(int argc, char **argv) {
    static player_t player;
    bool well = true;
    for (int i = 1; i < argc; i++) {
        play_line(&player, argv[i], strlen(argv[i]));
    }
    if (argc < 2) {
        well = play_input(&player);
    }
    drop_leases(&player);
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
