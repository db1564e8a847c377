/* For processes that wait most of their life. */
#ifndef PAL_IDLE_H
#define PAL_IDLE_H

#include "base/base.h"

/*
 * Give back the pages of our own executable that starting needed: they come again from the system's cache as
 * they are wanted (Linux; Windows: the working set; macOS does it by itself).
 */
void process_shrink(void);

#endif
