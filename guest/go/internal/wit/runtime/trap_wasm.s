#include "textflag.h"

TEXT ·outOfMemory(SB), NOSPLIT, $0-0
	UNDEF
