#include "base/base.h"

#include "vault_common.h"

#include "base/glob.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/path.h"
#include "pal/fs.h"

const struct cli_choice vault_types[] = {
	{ "auto", VAULT_TYPE_BY_NAME, "by the ending of the name" },
	{ "yaml", SOPS_YAML, "one or more YAML documents" },
	{ "json", SOPS_JSON, "a JSON object" },
	{ "dotenv", SOPS_DOTENV, "lines NAME=value" },
	{ "ini", SOPS_INI, "sections with names and values" },
	{ "binary", SOPS_BINARY, "any bytes, encrypted as a whole" },
	{ NULL, 0, NULL }
};

enum sops_format vault_format(int type, const char *path)
{
	return type == VAULT_TYPE_BY_NAME ? sops_format_of(path) : (enum sops_format)type;
}

/* --- which files --- */

struct collection {
	struct strs *files, *marks;
	unsigned flags;
	const char *pattern; /* NULL: all */
	size_t found;
};

static bool is_wanted(const struct collection *c, const char *path)
{
	if (c->pattern)
		return glob_matches(c->pattern, path);
	if (c->flags & VAULT_ALL_FILES)
		return true;
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file(path, LIMIT_DOC_BYTES, &text);
	if (e) {
		err_ignore(e, "what cannot be read is told when it is named itself");
		return false;
	}
	return sops_may_be_encrypted(sops_format_of(path), view_str(&text));
}

static void add_file(struct collection *c, const char *path, bool is_from_folder)
{
	strs_push(c->files, path);
	if (c->marks)
		strs_push(c->marks, is_from_folder ? "y" : "");
	c->found++;
}

/* What a killed run leaves of a file it was about to replace (fs_write_atomic); never a document. */
static bool is_left_over(const char *name)
{
	return name[0] == '.' && strstr(name, ".fettle-") != NULL;
}

static err *add_folder(struct collection *c, const char *folder)
{
	AUTO(fs_list) list = { 0 };
	TRY(fs_list(folder, &list));
	for (size_t i = 0; i < list.len; i++) {
		if (list.ptr[i].name[0] == '.' && list.ptr[i].type == FS_DIR)
			continue;
		if (is_left_over(list.ptr[i].name))
			continue;
		AUTOFREE char *path = str_equal(folder, ".") ? mem_strdup(list.ptr[i].name)
		                                             : path_join(folder, list.ptr[i].name);
		if (list.ptr[i].type == FS_DIR)
			TRY(add_folder(c, path));
		else if (list.ptr[i].type == FS_FILE && is_wanted(c, path))
			add_file(c, path, true);
		if (c->files->len > LIMIT_TREE_FILES)
			return err_new(ERR_LIMIT, "more than %u files below '%s'", LIMIT_TREE_FILES,
			               folder);
	}
	return NULL;
}

/* The folder a pattern begins in. */
static char *pattern_folder(const char *pattern)
{
	size_t wild = strcspn(pattern, "*?[");
	while (wild > 0 && pattern[wild - 1] != '/')
		wild--;
	if (wild == 0)
		return mem_strdup(".");
	return mem_strndup(pattern, wild > 1 ? wild - 1 : 1);
}

static err *add_argument(struct collection *c, const char *arg)
{
	bool is_pattern = strpbrk(arg, "*?[") && !fs_exists(arg);
	c->found = 0;
	c->pattern = is_pattern ? arg : NULL;
	if (str_equal(arg, "-")) {
		add_file(c, arg, false);
	} else if (is_pattern) {
		AUTOFREE char *folder = pattern_folder(arg);
		TRY(add_folder(c, folder));
	} else if (fs_is_dir(arg)) {
		AUTOFREE char *clean = path_clean(arg);
		TRY(add_folder(c, clean));
	} else {
		struct fs_stat stat;
		TRY(fs_stat(arg, &stat));
		add_file(c, arg, false);
	}
	if (c->found > 0)
		return NULL;
	return err_new(ERR_NOT_FOUND,
	               is_pattern ? "no file matches '%s'" : "no encrypted file in '%s'", arg);
}

err *vault_files(const struct strs *args, unsigned flags, struct strs *ret_files,
                 struct strs *ret_is_from_folder)
{
	struct collection c = { ret_files, ret_is_from_folder, flags, NULL, 0 };
	for (size_t i = 0; i < args->len; i++)
		TRY(add_argument(&c, args->ptr[i]));
	return NULL;
}

/* --- reading and writing --- */

err *vault_read(const char *path, struct str *ret_text)
{
	return str_equal(path, "-") ? fs_read_stdin(LIMIT_DOC_BYTES, ret_text)
	                            : fs_read_file(path, LIMIT_DOC_BYTES, ret_text);
}

err *vault_replace(const char *path, struct view text)
{
	AUTO(str) real = STR_INIT;
	struct fs_stat stat;
	TRY(fs_real_path(path, &real));
	TRY(fs_stat(real.ptr, &stat));
	return fs_write_atomic(real.ptr, text, stat.mode);
}

err *vault_write_out(struct ui *ui, const char *path, struct view text)
{
	if (path && !str_equal(path, "-"))
		return fs_exists(path) ? vault_replace(path, text)
		                       : fs_write_atomic(path, text, 0600);
	ui_out_bytes(ui, text.ptr, text.len);
	return ui_flush(ui);
}

err *vault_place(const char *text, struct str *ret_file, const char **ret_path)
{
	size_t skip = path_drive_len(text);
	str_reset(ret_file);
	if (fs_exists(text)) {
		str_addz(ret_file, text);
		*ret_path = "";
		return NULL;
	}
	const char *first = strchr(text + skip, ':');
	for (const char *colon = first; colon; colon = strchr(colon + 1, ':')) {
		str_reset(ret_file);
		str_add(ret_file, text, (size_t)(colon - text));
		if (fs_exists(ret_file->ptr)) {
			*ret_path = colon + 1;
			return NULL;
		}
	}
	str_reset(ret_file);
	str_add(ret_file, text, first ? (size_t)(first - text) : strlen(text));
	struct fs_stat stat;
	return fs_stat(ret_file->ptr, &stat);
}

/* --- documents --- */

void vault_doc_clear(struct vault_doc *doc)
{
	sops_doc_free(doc->doc);
	secret_clear(&doc->key);
	doc->doc = NULL;
}

err *vault_unlock(struct vault_keys *keys, struct vault_doc *doc, unsigned flags)
{
	err *e = sops_data_key(doc->doc, vault_keyring(keys), &doc->key);
	return e ? vault_keys_explain(keys, e) : sops_unlock(doc->doc, &doc->key, flags);
}

err *vault_open(const char *path, int type, struct vault_keys *keys, unsigned flags,
                struct vault_doc *ret_doc)
{
	AUTO(str) text = STR_INIT;
	TRY(vault_read(path, &text));
	TRY(sops_open(vault_format(type, path), view_str(&text), path, &ret_doc->doc));
	if (!sops_is_encrypted(ret_doc->doc))
		return err_hint(err_new(ERR_INVALID, "'%s' is not encrypted", path),
		                "encrypt it with 'fettle vault encrypt --in-place %s'", path);
	return vault_unlock(keys, ret_doc, flags);
}

/* --- rules --- */

struct vault_rules {
	struct map configs; /* path of a .sops.yaml → struct sops_config */
};

struct vault_rules *vault_rules_new(void)
{
	return MEM_NEW(struct vault_rules);
}

void vault_rules_free(struct vault_rules *rules)
{
	if (!rules)
		return;
	for (struct map_entry *e = map_first(&rules->configs); e; e = map_next(&rules->configs, e))
		sops_config_free(e->value);
	map_clear(&rules->configs);
	mem_free(rules);
}

err *vault_rule(struct vault_rules *rules, const char *file,
                const struct sops_creation **ret_creation)
{
	AUTO(str) path = STR_INIT;
	TRY(sops_config_find(file, &path));
	struct sops_config *config = map_get(&rules->configs, path.ptr);
	if (!config) {
		TRY(sops_config_load(path.ptr, &config));
		map_set(&rules->configs, path.ptr, config);
	}
	return sops_config_match(config, file, ret_creation);
}

/* --- manifests --- */

static err *open_manifest(void *data, const char *name, struct str *text, bool *ret_is_decrypted)
{
	struct vault_keys *keys = data;
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	AUTO(plain_text) plain = PLAIN_TEXT_INIT;
	enum sops_format format = sops_format_of(name);
	*ret_is_decrypted = false;
	if ((format != SOPS_YAML && format != SOPS_JSON) ||
	    !sops_may_be_encrypted(format, view_str(text)))
		return NULL;
	err *e = sops_open(format, view_str(text), name, &doc.doc);
	if (e) {
		/* Whoever reads it next says it better, unless it is our document that is broken. */
		err_ignore(e, "perhaps it only mentions the words");
		return NULL;
	}
	if (!sops_is_encrypted(doc.doc))
		return NULL;
	TRY(vault_unlock(keys, &doc, 0));
	TRY(sops_plain(doc.doc, &plain));
	str_reset(text);
	str_add_str(text, &plain.text);
	*ret_is_decrypted = true;
	return NULL;
}

struct manifests_opener vault_opener(struct vault_keys *keys)
{
	return (struct manifests_opener){ keys, open_manifest };
}
