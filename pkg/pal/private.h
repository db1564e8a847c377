/* For processes that hold secrets: nobody else looks into their memory. */
#ifndef PAL_PRIVATE_H
#define PAL_PRIVATE_H

#include "base/base.h"

/*
 * From now on this process leaves no core dump, and other processes of the same user cannot attach to it
 * or read its memory (Linux; on macOS nothing, on Windows only reports of crashes are kept from it). Children are as they
 * always are. Nothing fails. Builds with sanitizers keep their own way in.
 */
void process_make_private(void);

#endif
