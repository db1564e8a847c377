#include "base/base.h"

#include "settings/settings.h"

#include "base/duration.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/path.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "settings/keys.h"
#include "val/val.h"
#include "yaml/yaml.h"

struct value {
	char *text; /* NULL: unset */
	int64_t number;
	char *file;
	size_t line;
	enum setting_origin origin;
};

struct settings {
	struct value values[SETTING_COUNT];
	char *project_file;
};

/* One file being read. */
struct reading {
	struct settings *settings;
	const char *file;
	enum setting_origin origin;
	err *errors;
};

static void complain(struct reading *r, err *take_e)
{
	r->errors = err_join(r->errors, take_e);
}

static bool is_choice(const struct setting_key *key, const char *text)
{
	for (const char *const *choice = key->choices; *choice; choice++)
		if (str_equal(*choice, text))
			return true;
	return false;
}

static bool is_in_range(const struct setting_key *key, int64_t number)
{
	return number >= key->min && number <= key->max;
}

static bool is_limit(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	int64_t number;
	bool is_share = str_equal(text + digits, "%");
	return num_parse_i64(text, digits, &number) && number <= (is_share ? 100 : 1000000) &&
	       (is_share || text[digits] == '\0');
}

/* Check `text` against the key's type; numbers come out in `ret_number`. */
static bool parse(const struct setting_key *key, const char *text, int64_t *ret_number)
{
	switch (key->type) {
	case SETTING_STR:
	case SETTING_PATH:
		return *text != '\0';
	case SETTING_INT:
		return num_parse_i64(text, strlen(text), ret_number) &&
		       is_in_range(key, *ret_number);
	case SETTING_LIMIT:
		return is_limit(text);
	case SETTING_DURATION:
		return duration_parse(text, ret_number) && is_in_range(key, *ret_number);
	case SETTING_CHOICE:
		return is_choice(key, text);
	}
	return false;
}

static void add_expected(const struct setting_key *key, struct str *out)
{
	switch (key->type) {
	case SETTING_STR:
		str_addz(out, "a text");
		break;
	case SETTING_PATH:
		str_addz(out, "a path");
		break;
	case SETTING_INT:
		str_addf(out, "a whole number from %" PRId64 " to %" PRId64, key->min, key->max);
		break;
	case SETTING_LIMIT:
		str_addz(out, "a count such as 10 or a share such as 20%");
		break;
	case SETTING_DURATION:
		str_addz(out, "a duration such as 30s, 5m or 1h30m, from ");
		duration_add(out, key->min);
		str_addz(out, " to ");
		duration_add(out, key->max);
		break;
	case SETTING_CHOICE:
		for (const char *const *choice = key->choices; *choice; choice++)
			str_addf(out, "%s%s",
			         choice == key->choices ? ""
			         : choice[1]            ? ", "
			                                : " or ",
			         *choice);
		break;
	}
}

/* `text` takes the place of what a weaker source said. */
static void store(struct settings *settings, enum setting id, char *take_text, int64_t number,
                  struct setting_place place)
{
	struct value *value = &settings->values[id];
	mem_free(value->text);
	mem_free(value->file);
	*value = (struct value){ .text = take_text,
		                 .number = number,
		                 .file = place.file ? mem_strdup(place.file) : NULL,
		                 .line = place.line,
		                 .origin = place.origin };
}

/* "~/x" from home, other relative paths from the folder of the file that says so. */
static err *resolve_path(const char *text, const char *file, char **ret_path)
{
	AUTO(str) dir = STR_INIT;
	if (str_starts(text, "~/")) {
		TRY(dirs_home(&dir));
		text += 2;
	} else {
		AUTOFREE char *folder = path_dir(file);
		TRY(fs_absolute(folder, &dir));
	}
	AUTOFREE char *joined = path_join(dir.ptr, text);
	*ret_path = path_clean(joined);
	return NULL;
}

static err *store_text(struct settings *settings, enum setting id, const char *text,
                       struct setting_place place)
{
	const struct setting_key *key = settings_key(id);
	int64_t number = 0;
	if (!parse(key, text, &number)) {
		AUTO(str) expected = STR_INIT;
		add_expected(key, &expected);
		return err_new(ERR_INVALID, "bad value '%s' for setting '%s': expected %s", text,
		               key->name, expected.ptr);
	}
	char *kept = NULL;
	bool is_from_file = place.file && place.origin != SETTING_FROM_ENV;
	if (key->type == SETTING_PATH && is_from_file)
		TRY(resolve_path(text, place.file, &kept));
	else
		kept = mem_strdup(text);
	store(settings, id, kept, number, place);
	return NULL;
}

/* A scalar as the text the types are parsed from; false for lists, maps and nulls. */
static bool scalar_text(const struct val *v, struct str *text)
{
	switch ((enum val_kind)v->kind) {
	case VAL_STR:
		str_add(text, v->as.str.ptr, v->as.str.len);
		return strlen(text->ptr) == text->len;
	case VAL_BOOL:
		str_addz(text, v->as.boolean ? "true" : "false");
		return true;
	case VAL_INT:
		str_addf(text, "%" PRId64, v->as.integer);
		return true;
	default:
		return false;
	}
}

static void read_value(struct reading *r, enum setting id, const struct val *v)
{
	const struct setting_key *key = settings_key(id);
	AUTO(str) text = STR_INIT;
	bool wants_text = key->type == SETTING_STR || key->type == SETTING_PATH;
	if (!scalar_text(v, &text) || (wants_text && v->kind != VAL_STR)) {
		AUTO(str) expected = STR_INIT;
		add_expected(key, &expected);
		complain(r, val_error(v, "bad value for setting '%s': expected %s, found %s",
		                      key->name, expected.ptr, val_kind_text(v)));
		return;
	}
	struct setting_place place = { r->origin, r->file, v->mark.line };
	err *e = store_text(r->settings, id, text.ptr, place);
	if (e)
		complain(r, val_place(e, v));
}

static void unknown_key(struct reading *r, const struct val *map, const struct val_entry *entry,
                        const char *name)
{
	err *e = val_key_error(map, entry, "unknown setting '%s'", name);
	const char *nearest = settings_suggest(name);
	complain(r, nearest ? err_hint(e, "did you mean '%s'?", nearest)
	                    : err_hint(e, "'fettle settings show' lists them"));
}

static void read_map(struct reading *r, const struct val *map, const char *prefix);

static void read_entry(struct reading *r, const struct val *map, const struct val_entry *entry,
                       const char *prefix)
{
	enum setting id;
	AUTO(str) name = STR_INIT;
	str_addf(&name, "%s%s%s", prefix, *prefix ? "." : "", entry->key);
	if (settings_is_group(name.ptr)) {
		read_map(r, entry->value, name.ptr);
	} else if (!settings_find(name.ptr, &id)) {
		unknown_key(r, map, entry, name.ptr);
	} else if (r->origin == SETTING_FROM_PROJECT && !settings_key(id)->project_may_set) {
		err *e = val_key_error(map, entry, "a project may not set '%s'", name.ptr);
		complain(r, err_hint(e, "put it into your own settings.yaml, see "
		                        "'fettle help files'"));
	} else {
		read_value(r, id, entry->value);
	}
}

static void read_map(struct reading *r, const struct val *map, const char *prefix)
{
	if (val_is(map, VAL_NULL))
		return;
	if (!val_is(map, VAL_MAP)) {
		complain(r, val_error(map, "%s%s%s must be a map, found %s", *prefix ? "'" : "",
		                      *prefix ? prefix : "settings", *prefix ? "'" : "",
		                      val_kind_text(map)));
		return;
	}
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map))
		read_entry(r, map, entry, prefix);
}

static err *parse_file(const char *file, const struct str *text, struct arena *arena,
                       struct val **ret_root)
{
	struct yaml_docs docs;
	TRY(yaml_load(text->ptr, text->len, file, arena, &docs));
	if (docs.len > 1)
		return val_place(
			err_new(ERR_INVALID, "expected one YAML document, found %zu", docs.len),
			docs.ptr[1].root);
	*ret_root = docs.len == 1 ? docs.ptr[0].root : NULL;
	return NULL;
}

static err *read_file(struct settings *settings, const char *file, enum setting_origin origin)
{
	AUTO(str) text = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	if (!file)
		return NULL;
	err *e = fs_read_file(file, LIMIT_SETTINGS_BYTES, &text);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "settings files are optional");
		return NULL;
	}
	TRY(e);
	struct val *root = NULL;
	TRY(parse_file(file, &text, &arena, &root));
	struct reading r = { settings, file, origin, NULL };
	const struct val *map = root;
	if (origin == SETTING_FROM_PROJECT)
		map = val_get(root, "settings");
	if (map)
		read_map(&r, map, "");
	return r.errors;
}

static err *read_variables(struct settings *settings, const struct settings_sources *sources)
{
	for (size_t i = 0; sources->env && i < SETTING_COUNT; i++) {
		const char *name = settings_key((enum setting)i)->env;
		const char *text = sources->env(sources->env_data, name);
		if (!text || !*text)
			continue;
		struct setting_place place = { SETTING_FROM_ENV, name, 0 };
		err *e = store_text(settings, (enum setting)i, text, place);
		if (e)
			return err_as(err_wrap(e, "cannot use %s", name), ERR_USAGE);
	}
	return NULL;
}

static err *store_defaults(struct settings *settings)
{
	const struct setting_place place = { SETTING_FROM_DEFAULT, NULL, 0 };
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (settings_key((enum setting)i)->def)
			TRY(store_text(settings, (enum setting)i,
			               settings_key((enum setting)i)->def, place));
	return NULL;
}

static err *store_default_dir(struct settings *settings, enum setting id,
                              err *(*find_dir)(struct str *))
{
	AUTO(str) path = STR_INIT;
	if (settings->values[id].text)
		return NULL;
	TRY(find_dir(&path));
	store(settings, id, str_detach(&path), 0,
	      (struct setting_place){ SETTING_FROM_DEFAULT, NULL, 0 });
	return NULL;
}

bool settings_find_project(const char *start_dir, struct str *ret_file)
{
	AUTOFREE char *dir = mem_strdup(start_dir);
	AUTOFREE char *found = NULL;
	bool is_in_start = false;
	for (bool is_start = true;; is_start = false) {
		AUTOFREE char *file = path_join(dir, "fettle.yaml");
		AUTOFREE char *git = path_join(dir, ".git");
		if (!found && fs_exists(file)) {
			found = steal(&file);
			is_in_start = is_start;
		}
		bool is_repository = fs_exists(git);
		AUTOFREE char *above = path_dir(dir);
		bool is_top = str_equal(above, dir);
		if (is_repository || is_top) {
			if (!found || (is_top && !is_repository && !is_in_start))
				return false;
			str_reset(ret_file);
			str_addz(ret_file, found);
			return true;
		}
		mem_free(dir);
		dir = steal(&above);
	}
}

static err *find_and_read_project(struct settings *settings, const char *start_dir)
{
	AUTO(str) dir = STR_INIT;
	AUTO(str) file = STR_INIT;
	if (!start_dir)
		return NULL;
	TRY(fs_absolute(start_dir, &dir));
	if (!settings_find_project(dir.ptr, &file))
		return NULL;
	settings->project_file = str_detach(&file);
	return read_file(settings, settings->project_file, SETTING_FROM_PROJECT);
}

/* Weakest first: a later source replaces what an earlier one said. */
static err *load_all(const struct settings_sources *sources, struct settings *settings)
{
	TRY(store_defaults(settings));
	err *e = read_file(settings, sources->system_file, SETTING_FROM_SYSTEM);
	e = err_join(e, read_file(settings, sources->user_file, SETTING_FROM_USER));
	e = err_join(e, find_and_read_project(settings, sources->start_dir));
	e = err_join(e, read_variables(settings, sources));
	TRY(e);
	TRY(store_default_dir(settings, SETTING_CACHE_DIR, dirs_cache));
	return store_default_dir(settings, SETTING_STATE_DIR, dirs_state);
}

err *settings_load(const struct settings_sources *sources, struct settings **ret)
{
	AUTOPTR(settings) settings = MEM_NEW(struct settings);
	TRY(load_all(sources, settings));
	*ret = steal(&settings);
	return NULL;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		mem_free(settings->values[i].text);
		mem_free(settings->values[i].file);
	}
	mem_free(settings->project_file);
	mem_free(settings);
}

const char *settings_text(const struct settings *settings, enum setting id)
{
	return settings->values[id].text;
}

int64_t settings_int(const struct settings *settings, enum setting id)
{
	assert(settings_key(id)->type == SETTING_INT || settings_key(id)->type == SETTING_DURATION);
	return settings->values[id].number;
}

struct setting_place settings_place(const struct settings *settings, enum setting id)
{
	const struct value *value = &settings->values[id];
	return (struct setting_place){ value->origin, value->file, value->line };
}

const char *settings_project_file(const struct settings *settings)
{
	return settings->project_file;
}
