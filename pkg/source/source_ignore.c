/* .fettleignore at the top of a source: which files are no manifests. Lines as in .gitignore. */
#include "base/base.h"

#include "source/source_private.h"

#include "base/glob.h"

#define PATTERNS_MAX 1000u

err *source_parse_ignore(struct source *source, struct str *text)
{
	if (!glob_parse_lines(text->ptr, text->len, PATTERNS_MAX, &source->ignored))
		return err_new(ERR_LIMIT, "'%s' has more than %u patterns", SOURCE_IGNORE_FILE,
		               PATTERNS_MAX);
	return NULL;
}

bool source_is_ignored(const struct source *source, const char *path, bool is_folder)
{
	return glob_verdict(&source->ignored, path, is_folder) == GLOB_IGNORED;
}
