/* fettle vault git theirs: settle a conflict with what the other side has. */
#include "base/base.h"

#include "base/limits.h"
#include "git/git.h"
#include "pal/fs.h"
#include "vault_common.h"

struct theirs_args {
	struct strs places;
};

static const struct cli_opt opts[] = { { CLI_ARGS(struct theirs_args, places), .arg = "file:path",
	                                 .help = "values that both sides changed",
	                                 .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	                               CLI_END };

static const struct cli_example examples[] = {
	{ "theirs, then go on",
	  "fettle vault git theirs secrets/prod.yaml:db.password && git add secrets/prod.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "taken" },
	                                 { 2, "bad usage" },
	                                 { 3, "no conflict, no such value, or writing failed" },
	                                 { 4, "no key opens it" },
	                                 { 0, NULL } };

static err *read_theirs(const char *file, struct str *ret_text)
{
	AUTO(str) real = STR_INIT;
	AUTO(str) real_top = STR_INIT;
	struct repo *repo = NULL;
	struct repo_index *index = NULL;
	char *top = NULL;
	TRY(fs_real_path(file, &real));
	AUTOFREE char *folder = mem_strndup(real.ptr, (size_t)(strrchr(real.ptr, '/') - real.ptr));
	TRY(repo_open_around(folder, &repo, &top));
	err *e = fs_real_path(top, &real_top);
	if (!e)
		e = repo_index_open(repo, &index);
	if (!e)
		e = repo_index_read_theirs(index, real.ptr + real_top.len + 1, LIMIT_DOC_BYTES,
		                           ret_text);
	repo_index_free(index);
	repo_free(repo);
	mem_free(top);
	return e;
}

static err *open_text(struct vault_keys *keys, const char *file, const struct str *text,
                      struct vault_doc *doc)
{
	TRY(sops_open(sops_format_of(file), view_str(text), file, &doc->doc));
	return vault_unlock(keys, doc, 0);
}

/* What they removed is removed; else their value, which must be one. */
static err *find_change(const struct vault_doc *theirs, const char *path,
                        struct sops_change *change, struct sops_value *value)
{
	err *e = sops_get(theirs->doc, 0, path, value);
	*change = (struct sops_change){ .path = path };
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "the other side removed it");
		return NULL;
	}
	TRY(e);
	if (value->is_tree)
		return err_hint(err_new(ERR_INVALID, "'%s' is a map or a list", path),
		                "name the values in it one by one");
	change->type = value->type;
	change->plain = value->plain;
	return NULL;
}

static err *take(struct cli_ctx *ctx, struct vault_keys *keys, const char *place)
{
	AUTO(str) file = STR_INIT;
	AUTO(str) other = STR_INIT;
	AUTO(str) now = STR_INIT;
	AUTO(str) text = STR_INIT;
	AUTO(vault_doc) ours = VAULT_DOC_INIT;
	AUTO(vault_doc) theirs = VAULT_DOC_INIT;
	struct sops_value value = { .tree = PLAIN_TEXT_INIT };
	struct sops_change change;
	const char *path;
	bool is_changed = false;
	TRY(vault_place(place, &file, &path));
	if (!*path)
		return err_hint(err_new(ERR_USAGE, "'%s' names no value", place),
		                "write FILE:PATH; for the whole file: git checkout --theirs %s",
		                file.ptr);
	TRY(read_theirs(file.ptr, &other));
	TRY(vault_open(file.ptr, VAULT_TYPE_BY_NAME, keys, 0, &ours));
	TRY(open_text(keys, file.ptr, &other, &theirs));
	sops_now(&now);
	err *e = find_change(&theirs, path, &change, &value);
	if (!e)
		e = sops_change(ours.doc, &ours.key, &change, now.ptr, &is_changed, &text);
	sops_value_clear(&value);
	TRY(e);
	if (is_changed)
		TRY(vault_replace(file.ptr, view_str(&text)));
	ui_info(ctx->ui, is_changed ? "%s: theirs" : "%s: theirs already", place);
	return NULL;
}

static err *run_theirs(struct cli_ctx *ctx, const void *data)
{
	const struct theirs_args *args = data;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	for (size_t i = 0; i < args->places.len; i++)
		TRY(take(ctx, keys, args->places.ptr[i]));
	return NULL;
}

const struct cli_cmd cmd_vault_git_theirs = {
	.name = "theirs",
	.brief = "settle a conflict with the other side's value",
	.about =
		"While a merge is in conflict, put the value of the other side (or its absence) in the place of "
		"ours. The file is opened and sealed in memory. 'git add' it when nothing is left to settle.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault git merge, vault set",
	.args_size = sizeof(struct theirs_args),
	.run = run_theirs,
};
