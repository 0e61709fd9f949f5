#include "textflag.h"

// A panic of Go's ends with an exit: this is what a trap looks like.
TEXT ·trap(SB), NOSPLIT, $0-0
	UNDEF
