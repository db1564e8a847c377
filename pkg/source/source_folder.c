#include "base/base.h"

#include "source/source_private.h"

#include "base/limits.h"
#include "base/path.h"

/* --- listing: one reading of each folder, no look at any single file --- */

struct listing {
	struct source *source;
	size_t left;
};

static err *list_folder(struct listing *listing, const char *relpath, unsigned depth);

static err *list_entry(struct listing *listing, const char *relpath, const struct fs_entry *entry,
                       unsigned depth)
{
	if (entry->name[0] == '.')
		return NULL;
	if (listing->left-- == 0)
		return err_hint(err_new(ERR_LIMIT, "'%s' holds more than %u files",
		                        listing->source->location, LIMIT_TREE_FILES),
		                "name the folder with the manifests");
	AUTOFREE char *path = *relpath ? path_join(relpath, entry->name) : mem_strdup(entry->name);
	if (source_is_ignored(listing->source, path, entry->type == FS_DIR))
		return NULL;
	if (entry->type == FS_DIR)
		return list_folder(listing, path, depth + 1);
	if (!*relpath && source_is_kustomization(entry->name))
		listing->source->info.has_kustomization = true;
	if (entry->type == FS_OTHER || !source_is_manifest(entry->name))
		return NULL;
	strs_push_take(&listing->source->files, steal(&path));
	return NULL;
}

static err *list_folder(struct listing *listing, const char *relpath, unsigned depth)
{
	if (depth > LIMIT_DEPTH)
		return err_new(ERR_LIMIT, "the folders below '%s' are more than %u deep",
		               listing->source->location, LIMIT_DEPTH);
	AUTO(fs_list) entries = { 0 };
	TRY(fs_root_list(listing->source->root, relpath, &entries));
	for (size_t i = 0; i < entries.len; i++)
		TRY(list_entry(listing, relpath, &entries.ptr[i], depth));
	return NULL;
}

static void identify(struct source *source, const char *file)
{
	AUTOFREE char *path = file ? path_join(fs_root_path(source->root), file)
	                           : mem_strdup(fs_root_path(source->root));
	struct repo_place place = { 0 };
	err *e = repo_discover(fs_root_path(source->root), path, &place);
	if (e && !err_is(e, ERR_NOT_FOUND))
		strs_pushf(&source->notes, "the commit is not recorded: %s", err_message(e));
	if (e) {
		err_ignore(e, "a folder need not be in a repository");
		return;
	}
	source->info.commit = source_keep(source, place.head.id);
	source->info.author = source_keep(source, place.head.author);
	source->info.subject = source_keep(source, place.head.subject);
	if (place.head.ref)
		source->info.ref = source_keep(source, place.head.ref);
	source->info.time_s = place.head.time_s;
	source->info.is_dirty = place.is_dirty;
	repo_place_clear(&place);
}

static err *read_ignore(struct source *source)
{
	AUTO(str) text = STR_INIT;
	err *e = fs_root_read(source->root, SOURCE_IGNORE_FILE, SOURCE_IGNORE_BYTES, &text, NULL);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "most sources need none");
		return NULL;
	}
	return e ? e : source_parse_ignore(source, &text);
}

/* The file the user means may be a symlink; what is beside its target is its tree. */
static err *open_file(struct source *source, const char *path)
{
	AUTO(str) real = STR_INIT;
	TRY(fs_real_path(path, &real));
	AUTOFREE char *folder = path_dir(real.ptr);
	TRY(fs_root_open(folder, false, &source->root));
	source->info.kind = SOURCE_FILE;
	strs_push(&source->files, path_base(real.ptr));
	return NULL;
}

/* A pipe such as /dev/fd/63 of `<(command)` can be read once and has nothing beside it. */
static err *open_stream(struct source *source, const char *path)
{
	source->info.kind = SOURCE_STDIN;
	strs_push(&source->files, SOURCE_STDIN_NAME);
	return fs_read_file(path, LIMIT_DOC_BYTES, &source->stdin_text);
}

static err *open_tree(struct source *source, const char *path)
{
	struct listing listing = { source, LIMIT_TREE_FILES };
	TRY(fs_root_open(path, false, &source->root));
	TRY(read_ignore(source));
	TRY(list_folder(&listing, "", 0));
	strs_sort(&source->files);
	return NULL;
}

err *source_open_folder(struct source *source, const struct source_spec *spec,
                        const struct source_options *options)
{
	struct fs_stat found;
	err *e = fs_stat(spec->location, &found);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		return err_new(ERR_NOT_FOUND, "there is no file or folder '%s'", spec->location);
	}
	if (e)
		return e;
	source->location = mem_strdup(spec->location);
	if (found.type == FS_OTHER)
		return open_stream(source, spec->location);
	AUTOFREE char *clean = path_clean(spec->location);
	TRY(found.type == FS_DIR ? open_tree(source, clean) : open_file(source, clean));
	if (options->identify)
		identify(source, found.type == FS_DIR ? NULL : source->files.ptr[0]);
	return NULL;
}

/* --- reading --- */

/* The symlink at `*relpath`, if it is one, replaced by where it leads. */
static err *follow(const struct source *source, char **relpath, struct fs_stat *ret_stat)
{
	for (unsigned hops = 0;; hops++) {
		TRY(fs_root_stat(source->root, *relpath, ret_stat));
		if (ret_stat->type != FS_SYMLINK)
			return NULL;
		if (hops == SOURCE_LINKS_MAX)
			return err_new(ERR_REFUSED, "'%s' is one of too many symlinks in a row",
			               *relpath);
		AUTO(str) target = STR_INIT;
		char *next = NULL;
		TRY(fs_root_readlink(source->root, *relpath, &target));
		TRY(source_follow(*relpath, target.ptr, &next));
		mem_free(*relpath);
		*relpath = next;
	}
}

static err *read_regular(const struct source *source, const char *relpath, size_t limit,
                         struct str *ret_text, struct source_entry *ret_entry)
{
	struct fs_stat found;
	TRY(fs_root_read(source->root, relpath, limit, ret_text, &found));
	ret_entry->size_bytes = found.size;
	ret_entry->is_executable = (found.mode & 0111) != 0;
	return NULL;
}

err *source_read_folder(const struct source *source, const char *relpath, size_t limit,
                        struct str *ret_text, struct source_entry *ret_entry)
{
	if (ret_text) { /* nearly always a plain file */
		err *e = read_regular(source, relpath, limit, ret_text, ret_entry);
		if (!err_is(e, ERR_INVALID))
			return e;
		err_ignore(e, "a symlink may lead to a file");
	}
	AUTOFREE char *path = mem_strdup(relpath);
	struct fs_stat found;
	TRY(follow(source, &path, &found));
	if (found.type != FS_FILE)
		return err_new(ERR_REFUSED, "'%s' is a %s, not a file", relpath,
		               fs_type_name(found.type));
	ret_entry->size_bytes = found.size;
	ret_entry->is_executable = (found.mode & 0111) != 0;
	return ret_text ? read_regular(source, path, limit, ret_text, ret_entry) : NULL;
}
