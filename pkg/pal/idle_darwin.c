#include "base/base.h"

#include "pal/idle.h"

void process_shrink(void)
{
}
