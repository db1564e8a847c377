/* Sprig's functions on lists and maps, for the table in tmpl_sprig.c. */
#ifndef TMPL_TMPL_SPRIG_H
#define TMPL_TMPL_SPRIG_H

#include "tmpl/tmpl_private.h"

enum sprig_end { SPRIG_FIRST, SPRIG_LAST };

err *sprig_list(const struct tmpl_call *call, const struct val **ret);
err *sprig_end(const struct tmpl_call *call, const struct val **ret);
err *sprig_part(const struct tmpl_call *call, const struct val **ret);
err *sprig_append(const struct tmpl_call *call, const struct val **ret);
err *sprig_concat(const struct tmpl_call *call, const struct val **ret);
err *sprig_reverse(const struct tmpl_call *call, const struct val **ret);
err *sprig_uniq(const struct tmpl_call *call, const struct val **ret);
err *sprig_compact(const struct tmpl_call *call, const struct val **ret);
err *sprig_without(const struct tmpl_call *call, const struct val **ret);
err *sprig_has(const struct tmpl_call *call, const struct val **ret);
err *sprig_sort_alpha(const struct tmpl_call *call, const struct val **ret);
err *sprig_join(const struct tmpl_call *call, const struct val **ret);
err *sprig_split_list(const struct tmpl_call *call, const struct val **ret);
err *sprig_dict(const struct tmpl_call *call, const struct val **ret);
err *sprig_get(const struct tmpl_call *call, const struct val **ret);
err *sprig_set(const struct tmpl_call *call, const struct val **ret);
err *sprig_unset(const struct tmpl_call *call, const struct val **ret);
err *sprig_has_key(const struct tmpl_call *call, const struct val **ret);
err *sprig_keys(const struct tmpl_call *call, const struct val **ret);
err *sprig_values(const struct tmpl_call *call, const struct val **ret);
err *sprig_pick(const struct tmpl_call *call, const struct val **ret);
err *sprig_pluck(const struct tmpl_call *call, const struct val **ret);
err *sprig_merge(const struct tmpl_call *call, const struct val **ret);
err *sprig_deep_equal(const struct tmpl_call *call, const struct val **ret);

#endif
