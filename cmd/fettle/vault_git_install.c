/* fettle vault git install: the drivers in .git/config, the files they are for in .gitattributes. */
#include "base/base.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/fs.h"
#include "pal/proc.h"
#include "vault_common.h"
#include "vault_git.h"

struct install_args {
	struct strs patterns;
	bool remove;
};

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct install_args, patterns), .arg = "pattern",
	  .help = "files as .gitattributes names them; without it the folders of encrypted files" },
	{ CLI_FLAG(struct install_args, remove), .name = "remove",
	  .help = "take the drivers out of .git/config again", .flags = CLI_NO_NEGATION },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "in this clone, for what is encrypted now", "fettle vault git install" },
	{ "name the files", "fettle vault git install 'secrets/**' '*.enc.yaml'" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "installed" },
	                                 { 2, "bad usage" },
	                                 { 3,
	                                   "no repository, no encrypted file, or writing failed" },
	                                 { 0, NULL } };

static const char *const settings[][2] = {
	{ "merge.fettle.name", "fettle: values of encrypted files" },
	{ "merge.fettle.driver", "fettle vault git merge --path %P %O %A %B" },
	{ "diff.fettle.textconv", "fettle vault git textconv" },
	{ "diff.fettle.cachetextconv", "false" },
};

err *vault_git_drivers(struct repo *repo, bool is_removed)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		TRY(repo_set(repo, settings[i][0], is_removed ? NULL : settings[i][1]));
	return NULL;
}

/* --- .gitattributes --- */

/* All in the folder of a file; a file at the top stands for itself alone. */
static void add_pattern(struct strs *patterns, const char *top, const char *file)
{
	AUTO(str) pattern = STR_INIT;
	const char *rel = file + strlen(top) + 1;
	const char *slash = strrchr(rel, '/');
	if (slash)
		str_addf(&pattern, "/%.*s/*", (int)(slash - rel), rel);
	else
		str_addf(&pattern, "/%s", rel);
	if (!strs_contains(patterns, pattern.ptr))
		strs_push(patterns, pattern.ptr);
}

static err *find_patterns(const char *top, struct strs *patterns)
{
	AUTO(strs) here = STRS_INIT;
	AUTO(strs) files = STRS_INIT;
	AUTO(str) real_top = STR_INIT;
	strs_push(&here, top);
	err *e = vault_files(&here, 0, &files, NULL);
	if (e && err_is(e, ERR_NOT_FOUND))
		return err_hint(err_as(e, ERR_NOT_FOUND),
		                "name patterns: fettle vault git install 'secrets/**'");
	TRY(e);
	TRY(fs_real_path(top, &real_top));
	for (size_t i = 0; i < files.len; i++) {
		AUTO(str) real = STR_INIT;
		TRY(fs_real_path(files.ptr[i], &real));
		if (str_starts(real.ptr, real_top.ptr) && real.ptr[real_top.len] == '/')
			add_pattern(patterns, real_top.ptr, real.ptr);
	}
	return NULL;
}

/* As git reads them: blanks and quotes only between quotes. */
static void add_line(const char *pattern, struct str *out)
{
	bool is_quoted = strpbrk(pattern, " \t\"\\") || pattern[0] == '#' || pattern[0] == '!';
	for (const char *p = is_quoted ? pattern : ""; *p; p++) {
		if (p == pattern)
			str_addch(out, '"');
		if (strchr("\"\\", *p))
			str_addch(out, '\\');
		str_addch(out, *p);
	}
	str_addf(out, "%s merge=fettle diff=fettle\n", is_quoted ? "\"" : pattern);
}

static bool has_line(const struct str *text, const struct str *line)
{
	struct view rest = view_str(text), one;
	while (view_split(&rest, '\n', &one))
		if (one.len + 1 == line->len && memcmp(one.ptr, line->ptr, one.len) == 0)
			return true;
	return false;
}

err *vault_git_attributes(struct ui *ui, const char *folder, const struct strs *patterns)
{
	AUTOFREE char *path = path_join(folder, ".gitattributes");
	AUTO(str) text = STR_INIT;
	struct fs_stat stat = { .mode = 0644 };
	size_t added = 0;
	if (fs_exists(path)) {
		TRY(fs_stat(path, &stat));
		TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	}
	if (text.len && text.ptr[text.len - 1] != '\n')
		str_addch(&text, '\n');
	for (size_t i = 0; i < patterns->len; i++) {
		AUTO(str) line = STR_INIT;
		add_line(patterns->ptr[i], &line);
		if (has_line(&text, &line))
			continue;
		str_add_str(&text, &line);
		added++;
		ui_info(ui, "%s: %.*s", path, (int)line.len - 1, line.ptr);
	}
	return added ? fs_write_atomic(path, view_str(&text), stat.mode) : NULL;
}

static err *install(struct cli_ctx *ctx, const struct install_args *args, struct repo *repo,
                    const char *top)
{
	AUTO(strs) found = STRS_INIT;
	AUTO(str) program = STR_INIT;
	if (args->remove) {
		TRY(vault_git_drivers(repo, true));
		ui_info(ctx->ui, "removed; .gitattributes stays: without a driver git ignores it");
		return NULL;
	}
	if (args->patterns.len == 0)
		TRY(find_patterns(top, &found));
	TRY(vault_git_attributes(ctx->ui, top, args->patterns.len ? &args->patterns : &found));
	TRY(vault_git_drivers(repo, false));
	err *e = proc_find("fettle", &program);
	if (e) {
		err_ignore(e, "it may be there when git looks for it");
		ui_warn(ctx->ui, "git will look for 'fettle' in PATH, and it is not there");
	}
	ui_info(ctx->ui, "git merges and compares these files with fettle in this clone");
	ui_hint(ctx->ui, "commit .gitattributes; others run 'fettle vault git install' too");
	return NULL;
}

static err *run_install(struct cli_ctx *ctx, const void *data)
{
	AUTO(str) here = STR_INIT;
	struct repo *repo = NULL;
	char *top = NULL;
	TRY(fs_real_path(".", &here));
	TRY(repo_open_around(here.ptr, &repo, &top));
	err *e = install(ctx, data, repo, top);
	repo_free(repo);
	mem_free(top);
	return e;
}

const struct cli_cmd cmd_vault_git_install = {
	.name = "install",
	.brief = "set git up to merge and compare encrypted files",
	.about =
		"Name fettle as merge and diff driver in .git/config, and in .gitattributes the files it is for. "
		"A clone whose .git/config does not have the drivers treats the files as it always did. Files "
		"that are not encrypted are merged and shown as git does.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault git merge, vault git textconv",
	.args_size = sizeof(struct install_args),
	.run = run_install,
};
