/* How a value of an INI file is read; the writer checks itself with it. */
#ifndef VAULT_SOPS_INI_H
#define VAULT_SOPS_INI_H

#include "base/base.h"

struct sops_ini_value {
	struct str text;
	size_t start, end;                 /* what stands for the value, quotes included */
	size_t comment_start, comment_end; /* behind it; equal: none */
	size_t line_end;                   /* of its last line */
};

/* Read from behind the delimiter; false when quotes are not closed. The caller clears the text. */
bool sops_ini_read_value(const char *text, size_t len, size_t at, struct sops_ini_value *ret_value);

#endif
