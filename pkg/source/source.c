#include "base/base.h"

#include "source/source_private.h"

#include "base/limits.h"
#include "base/path.h"

#define SOURCE_STDIN_NAME "-"
#define COMMIT_SHORT      10

void source_spec_clear(struct source_spec *spec)
{
	mem_free(spec->display);
	mem_free(spec->location);
	mem_free(spec->subdir);
	mem_free(spec->ref);
	*spec = (struct source_spec){ 0 };
}

static err *parse_git(const char *text, struct source_spec *ret_spec)
{
	struct repo_url url = { 0 };
	TRY(repo_url_parse(text, &url));
	AUTO(str) display = STR_INIT;
	str_addz(&display, url.display);
	if (*url.subdir)
		str_addf(&display, "//%s", url.subdir);
	if (url.ref)
		str_addf(&display, "?ref=%s", url.ref);
	*ret_spec = (struct source_spec){ .kind = SOURCE_GIT, .display = str_detach(&display) };
	ret_spec->location = steal(&url.url);
	ret_spec->subdir = steal(&url.subdir);
	ret_spec->ref = steal(&url.ref);
	repo_url_clear(&url);
	return NULL;
}

err *source_parse(const char *text, struct source_spec *ret_spec)
{
	if (repo_url_is_remote(text) || strstr(text, "?ref="))
		return parse_git(text, ret_spec);
	if (!*text)
		return err_hint(err_new(ERR_USAGE, "the path is empty"),
		                "'.' is the current folder");
	bool is_stdin = str_equal(text, SOURCE_STDIN_NAME);
	*ret_spec = (struct source_spec){
		.kind = is_stdin ? SOURCE_STDIN : SOURCE_FOLDER,
		.display = mem_strdup(is_stdin ? "stdin" : text),
		.location = mem_strdup(text),
		.subdir = mem_strdup(""),
	};
	return NULL;
}

const char *source_keep(struct source *source, const char *text)
{
	strs_push(&source->texts, text);
	return source->texts.ptr[source->texts.len - 1];
}

bool source_is_kustomization(const char *name)
{
	return str_equal(name, "kustomization.yaml") || str_equal(name, "kustomization.yml") ||
	       str_equal(name, "Kustomization");
}

bool source_is_manifest(const char *name)
{
	const char *extension = path_extension(name);
	if (!str_equal(extension, ".yaml") && !str_equal(extension, ".yml") &&
	    !str_equal(extension, ".json"))
		return false;
	return name[0] != '.' && !source_is_kustomization(name) &&
	       !str_equal(name, "fettle.yaml") && !str_equal(name, "fettle.yml");
}

static err *open_stdin(struct source *source)
{
	strs_push(&source->files, SOURCE_STDIN_NAME);
	return fs_read_stdin(LIMIT_DOC_BYTES, &source->stdin_text);
}

static err *open_kind(struct source *source, const struct source_spec *spec,
                      const struct source_options *options)
{
	switch (spec->kind) {
	case SOURCE_STDIN:
		return open_stdin(source);
	case SOURCE_GIT:
		return source_open_git(source, spec, options);
	case SOURCE_FOLDER:
	case SOURCE_FILE:
		break;
	}
	return source_open_folder(source, spec, options);
}

err *source_open(const struct source_spec *spec, const struct source_options *options,
                 struct source **ret_source)
{
	struct source *source = MEM_NEW(struct source);
	str_init(&source->stdin_text);
	source->info.kind = spec->kind;
	source->info.name = source_keep(source, spec->display);
	err *e = open_kind(source, spec, options);
	if (e) {
		source_free(source);
		return e;
	}
	if (source->info.commit) {
		AUTOFREE char *text = mem_strndup(source->info.commit, COMMIT_SHORT);
		source->info.commit_short = source_keep(source, text);
	}
	*ret_source = source;
	return NULL;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	strs_clear(&source->files);
	strs_clear(&source->notes);
	strs_clear(&source->ignored);
	strs_clear(&source->texts);
	fs_root_free(source->root);
	mem_free(source->location);
	str_clear(&source->stdin_text);
	source_git_free(source->git);
	mem_free(source);
}

const struct source_info *source_info(const struct source *source)
{
	return &source->info;
}

size_t source_file_count(const struct source *source)
{
	return source->files.len;
}

const char *source_file(const struct source *source, size_t index)
{
	return source->files.ptr[index];
}

size_t source_note_count(const struct source *source)
{
	return source->notes.len;
}

const char *source_note(const struct source *source, size_t index)
{
	return source->notes.ptr[index];
}

void source_add_display(const struct source *source, const char *relpath, struct str *text)
{
	const struct source_git *git = source->git;
	if (source->info.kind == SOURCE_STDIN) {
		str_addz(text, source->location ? source->location : "<stdin>");
	} else if (git) {
		size_t len = strlen(git->spec.location);
		while (len > 1 && git->spec.location[len - 1] == '/')
			len--;
		AUTOFREE char *location = mem_strndup(git->spec.location, len);
		const char *name = path_base(location);
		const char *colon = strrchr(name, ':');
		str_addf(text, "%s@%s:%s%s%s", colon ? colon + 1 : name, source->info.commit_short,
		         git->spec.subdir, *git->spec.subdir ? "/" : "", relpath);
	} else {
		bool is_file = source->info.kind == SOURCE_FILE;
		bool is_named = is_file && str_equal(relpath, source->files.ptr[0]);
		AUTOFREE char *folder =
			is_file ? path_dir(source->location) : path_clean(source->location);
		AUTOFREE char *path =
			is_named ? mem_strdup(source->location) : path_join(folder, relpath);
		AUTOFREE char *clean = path_clean(path);
		str_addz(text, clean);
	}
}

/* --- reading --- */

err *source_check_lfs(const char *relpath, const struct str *text)
{
	if (text->len > 1024 || !str_starts(text->ptr, "version https://git-lfs.github.com/spec/"))
		return NULL;
	return err_hint(
		err_new(ERR_REFUSED, "'%s' is a Git LFS pointer, not the file itself", relpath),
		"fettle does not fetch LFS objects; keep this file in git itself");
}

static err *outside(const char *relpath)
{
	return err_hint(err_new(ERR_REFUSED, "'%s' is outside of the source", relpath),
	                "only files at or below the folder that is applied can be read");
}

err *source_follow(const char *relpath, const char *target, char **ret_relpath)
{
	AUTOFREE char *folder = path_dir(relpath);
	AUTOFREE char *joined = path_is_absolute(target) ? NULL : path_join(folder, target);
	AUTOFREE char *clean = joined ? path_clean(joined) : NULL;
	if (!clean || !path_is_inside(clean))
		return err_new(ERR_REFUSED, "the symlink '%s' leads out of the source, to '%s'",
		               relpath, target);
	*ret_relpath = steal(&clean);
	return NULL;
}

err *source_resolve(const struct source *source, const char *from, const char *reference,
                    struct str *ret_relpath)
{
	if (source->info.kind == SOURCE_STDIN)
		return err_hint(err_new(ERR_REFUSED,
		                        "'%s' cannot be read: manifests on standard input "
		                        "have no files beside them",
		                        reference),
		                "apply a folder or a file instead");
	if (!*reference || path_is_absolute(reference))
		return outside(reference);
	AUTOFREE char *folder = path_dir(from);
	AUTOFREE char *joined = path_join(folder, reference);
	AUTOFREE char *clean = path_clean(joined);
	if (!path_is_inside(clean))
		return outside(reference);
	str_reset(ret_relpath);
	str_addz(ret_relpath, clean);
	return NULL;
}

static err *read_any(const struct source *source, const char *relpath, size_t limit,
                     struct str *ret_text, struct source_entry *ret_entry)
{
	if (source->info.kind == SOURCE_STDIN) {
		if (!str_equal(relpath, SOURCE_STDIN_NAME))
			return outside(relpath);
		ret_entry->size_bytes = source->stdin_text.len;
		if (!ret_text)
			return NULL;
		if (source->stdin_text.len > limit)
			return err_new(ERR_LIMIT, "standard input has more than %zu bytes", limit);
		str_reset(ret_text);
		str_add_str(ret_text, &source->stdin_text);
		return NULL;
	}
	AUTOFREE char *clean = path_clean(relpath);
	if (path_is_absolute(relpath) || !path_is_inside(clean))
		return outside(relpath);
	return source->git ? source_read_git(source, clean, limit, ret_text, ret_entry)
	                   : source_read_folder(source, clean, limit, ret_text, ret_entry);
}

err *source_stat(const struct source *source, const char *relpath, struct source_entry *ret_entry)
{
	struct source_entry entry = { 0 };
	TRY(read_any(source, relpath, 0, NULL, &entry));
	*ret_entry = entry;
	return NULL;
}

err *source_read(const struct source *source, const char *relpath, size_t limit,
                 struct str *ret_text)
{
	struct source_entry entry = { 0 };
	TRY(read_any(source, relpath, limit, ret_text, &entry));
	return source_check_lfs(relpath, ret_text);
}

err *source_update(const struct source_spec *spec, const struct source_options *options,
                   struct source **source, bool *ret_changed)
{
	if (spec->kind == SOURCE_GIT) {
		AUTOFREE char *latest = NULL;
		TRY(source_latest(spec, options, &latest));
		if (str_equal(latest, (*source)->info.commit)) {
			*ret_changed = false;
			return NULL;
		}
	}
	struct source *newer = NULL;
	TRY(source_open(spec, options, &newer));
	*ret_changed =
		spec->kind != SOURCE_GIT || !str_equal(newer->info.commit, (*source)->info.commit);
	source_free(*source);
	*source = newer;
	return NULL;
}
