/*
 * What the files of pkg/yaml share: the byte check before parsing, the reading of scalars, and
 * the translation of libyaml's complaints into ours.
 */
#ifndef YAML_YAML_INTERNAL_H
#define YAML_YAML_INTERNAL_H

#include "base/base.h"
#include "val/val.h"

/* A plain scalar as the API server reads it. */
struct yaml_scalar {
	enum val_kind kind;
	bool boolean;
	bool is_beyond_int64; /* FLOAT: written as a whole number of 64 bits without sign */
	bool is_special;      /* FLOAT: .inf or .nan */
	int64_t integer;
	double number;
};

void yaml_resolve(const char *text, size_t len, struct yaml_scalar *ret_scalar);
/* As a map key: the text Kubernetes' reader makes of it; false for null and beyond int64. */
bool yaml_key_text(const struct yaml_scalar *scalar, struct str *out);

/*
 * Refuse what libyaml shall never see: too large, UTF-16, not UTF-8, control characters.
 * *ret_bom is the length of a byte order mark, *ret_is_ascii whether offsets equal characters.
 */
NODISCARD err *yaml_check_bytes(const struct val_source *source, size_t *ret_bom,
                                bool *ret_is_ascii);

/* What libyaml complained about; offsets in bytes. */
struct yaml_problem {
	const char *problem, *context;
	size_t at, context_at;
	size_t context_line;
};

NODISCARD err *yaml_explain(const struct val_source *source, const struct yaml_problem *problem);

#endif
