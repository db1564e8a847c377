/*
 * Where this operating system wants fettle's files. Each function puts an absolute path of
 * fettle's own folder into `ret_path` (replaces what it held) and creates nothing. The XDG variables
 * decide everywhere when they are set; else Linux uses the XDG defaults, macOS Library, Windows the
 * known folders (AppData).
 */
#ifndef PAL_DIRS_H
#define PAL_DIRS_H

#include "base/base.h"

/* $XDG_CONFIG_HOME or ~/.config, Application Support, %AppData%. */
NODISCARD err *dirs_settings(struct str *ret_path);
NODISCARD err *dirs_data(struct str *ret_path);
NODISCARD err *dirs_cache(struct str *ret_path);
NODISCARD err *dirs_state(struct str *ret_path);
NODISCARD err *dirs_runtime(struct str *ret_path); /* sockets and pid files; private */

/* Settings for all users: /etc/fettle, /Library/Application Support/fettle, %ProgramData%\fettle. */
NODISCARD err *dirs_system_settings(struct str *ret_path);

/* State of a service run by the administrator: /var/lib/fettle and the like. */
NODISCARD err *dirs_system_state(struct str *ret_path);

/* Home folder of the user, without "fettle"; NOT_FOUND when it cannot be known. */
NODISCARD err *dirs_home(struct str *ret_path);

/* System temp folder, without "fettle". */
NODISCARD err *dirs_temp(struct str *ret_path);

#endif
