/*
 * Any bytes as YAML: tokens stay inside of the text and in order, every rule of the family yaml
 * copes, and so does mending.
 */
#include "base/base.h"

#include "lint/lint.h"
#include "pal/fs.h"
#include "val/val.h"
#include "yaml/yaml_tokens.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] =
	"extends: default\n"
	"rules:\n"
	"  anchors: {forbid-duplicated-anchors: true, forbid-unused-anchors: true}\n"
	"  document-end: enable\n"
	"  empty-values: enable\n"
	"  float-values: {forbid-inf: true, forbid-nan: true, forbid-scientific-notation: true,\n"
	"                 require-numeral-before-decimal: true}\n"
	"  indentation: {check-multi-line-strings: true}\n"
	"  key-ordering: enable\n"
	"  line-length: {max: 20, allow-non-breakable-inline-mappings: true}\n"
	"  octal-values: enable\n"
	"  quoted-strings: {required: only-when-needed, check-keys: true, extra-required: ['^x']}\n";

static char folder[] = "/tmp/fuzz-lint-XXXXXX";

static void check_tokens(const char *text, size_t len)
{
	AUTOPTR(yaml_tokens) tokens = yaml_tokens_new(text, len);
	struct yaml_token token;
	size_t line = 0;
	while (tokens && yaml_tokens_next(tokens, &token)) {
		assert(token.start <= token.end && token.end <= len);
		assert(token.line <= token.end_line);
		line = MAX(line, (size_t)token.line);
	}
	assert(line <= len);
}

static void mend(const struct lint_options *options, struct str *ret_text)
{
	struct lint_mends mends = { 0 };
	err *e = lint_mend_all(options, true, NULL, &mends);
	err_ignore(e, "a limit");
	str_reset(ret_text);
	if (mends.len)
		str_add_str(ret_text, &mends.ptr[0].after);
	lint_mends_clear(&mends);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4096)
		return 0;
	check_tokens((const char *)data, size);
	if (strchr(folder, 'X') && !mkdtemp(folder))
		abort();
	AUTOFREE char *path = str_format("%s/a.yaml", folder);
	AUTOFREE char *style = str_format("%s/.yamllint", folder);
	err *e = NULL;
	if (!fs_exists(style))
		e = fs_write_atomic(style, view_of(config), 0600);
	if (!e)
		e = fs_write_atomic(path, (struct view){ (const char *)data, size }, 0600);
	assert(!e);
	struct lint_options options = { .threads = 1 };
	strs_push(&options.paths, path);
	strs_push(&options.select, "yaml,syntax");
	AUTO(str) once = STR_INIT;
	mend(&options, &once);
	strs_clear(&options.paths);
	strs_clear(&options.select);
	return 0;
}
