#include "base/base.h"

#include "swap/swap_private.h"

#include "base/arena.h"
#include "base/path.h"
#include "json/json.h"
#include "pal/proc.h"
#include "toml/toml.h"
#include "yaml/yaml.h"

#include <ctype.h>

/* --- syntax --- */

static enum swap_syntax syntax_of(const struct swap_file *file)
{
	static const struct {
		const char *ending;
		enum swap_syntax syntax;
	} known[] = { { ".json", SWAP_SYNTAX_JSON }, { ".yaml", SWAP_SYNTAX_YAML },
		      { ".yml", SWAP_SYNTAX_YAML },  { ".toml", SWAP_SYNTAX_TOML },
		      { ".ini", SWAP_SYNTAX_INI },   { ".env", SWAP_SYNTAX_DOTENV } };
	if (file->syntax != SWAP_SYNTAX_AUTO)
		return file->syntax;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_ends(file->path, known[i].ending))
			return known[i].syntax;
	return SWAP_SYNTAX_NONE;
}

static struct view trimmed(struct view line)
{
	while (line.len && isspace((unsigned char)line.ptr[0]))
		line = (struct view){ line.ptr + 1, line.len - 1 };
	while (line.len && isspace((unsigned char)line.ptr[line.len - 1]))
		line.len--;
	return line;
}

/* Every line: empty, a comment, [section] (INI), or a name with '=' (INI also ':' or a name alone). */
static err *check_lines(const struct swap_file *file, bool is_ini)
{
	struct view rest = file->content, line;
	for (size_t number = 1; view_split(&rest, '\n', &line); number++) {
		struct view text = trimmed(line);
		bool continues = is_ini && line.len && isspace((unsigned char)line.ptr[0]);
		if (text.len == 0 || text.ptr[0] == '#' || (is_ini && text.ptr[0] == ';') ||
		    continues)
			continue;
		if (is_ini && text.ptr[0] == '[') {
			if (text.ptr[text.len - 1] != ']' && !memchr(text.ptr, ']', text.len))
				return err_at(err_new(ERR_INVALID, "a section without ']'"),
				              file->path, number, 1);
			continue;
		}
		const char *equals = memchr(text.ptr, '=', text.len);
		bool has_name = equals && equals != text.ptr;
		if (!has_name && !(is_ini && text.ptr[0] != '='))
			return err_at(err_new(ERR_INVALID, "expected NAME=value"), file->path,
			              number, 1);
	}
	return NULL;
}

err *swap_check_syntax(const struct swap_file *file)
{
	AUTO(arena) arena = ARENA_INIT;
	struct yaml_docs docs = { 0 };
	struct val *root = NULL;
	struct view text = file->content;
	err *e = NULL;
	switch (syntax_of(file)) {
	case SWAP_SYNTAX_JSON:
		e = json_load(text.ptr, text.len, file->path, &arena, &root);
		break;
	case SWAP_SYNTAX_YAML:
		e = yaml_load(text.ptr, text.len, file->path, &arena, &docs);
		break;
	case SWAP_SYNTAX_TOML:
		e = toml_load(text.ptr, text.len, file->path, &arena, &root);
		break;
	case SWAP_SYNTAX_INI:
		e = check_lines(file, true);
		break;
	case SWAP_SYNTAX_DOTENV:
		e = check_lines(file, false);
		break;
	default:
		break;
	}
	arena_wipe(&arena);
	return e ? err_without_snippet(e) : NULL; /* the line may hold a secret */
}

/* --- commands --- */

const char *swap_staged_path(const struct swap_run *run, size_t index, struct str *text)
{
	str_reset(text);
	if (run->staged_dir) {
		str_addf(text, "%s/%s", run->staged_dir, run->group->files[index].path);
	} else if (run->stages && run->stages[index]) {
		str_addz(text, fs_stage_path(run->stages[index]));
	} else {
		AUTOFREE char *visible = swap_visible_path(run->group, index);
		str_addz(text, visible);
	}
	return text->ptr;
}

static err *find_file(const struct swap_run *run, struct view name, size_t *ret_index)
{
	for (size_t i = 0; i < run->group->file_count; i++)
		if (view_is(name, path_base(run->group->files[i].path)) ||
		    view_is(name, run->group->files[i].path)) {
			*ret_index = i;
			return NULL;
		}
	return err_new(ERR_USAGE, "no file of '%s' is called '%.*s'", run->group->name,
	               (int)name.len, name.ptr);
}

static size_t first_changed(const struct swap_run *run)
{
	for (size_t i = 0; i < run->group->file_count; i++)
		if (run->differs[i])
			return i;
	return 0;
}

/* {file}, {file:NAME} and {dir}; other braces stay. */
static err *replace(const struct swap_run *run, const char *word, struct str *out)
{
	AUTO(str) path = STR_INIT;
	for (const char *c = word; *c;) {
		size_t index = first_changed(run);
		const char *end = *c == '{' ? strchr(c, '}') : NULL;
		if (str_starts(c, "{file}")) {
			str_addz(out, swap_staged_path(run, index, &path));
			c += strlen("{file}");
		} else if (end && str_starts(c, "{file:")) {
			const char *name = c + strlen("{file:");
			TRY(find_file(run, (struct view){ name, (size_t)(end - name) }, &index));
			str_addz(out, swap_staged_path(run, index, &path));
			c = end + 1;
		} else if (str_starts(c, "{dir}")) {
			AUTOFREE char *dir = path_dir(swap_staged_path(run, index, &path));
			str_addz(out, run->staged_dir ? run->staged_dir : dir);
			c += strlen("{dir}");
		} else {
			str_addch(out, *c++);
		}
	}
	return NULL;
}

static void add_environment(const struct swap_run *run, struct strs *env)
{
	AUTO(str) changed = STR_INIT;
	AUTO(str) path = STR_INIT;
	for (size_t i = 0; i < run->group->file_count; i++)
		if (run->differs[i])
			str_addf(&changed, "%s%s", changed.len ? ":" : "",
			         run->group->files[i].path);
	strs_pushf(env, "FETTLE_GROUP=%s", run->group->name);
	strs_pushf(env, "FETTLE_REVISION=%s", run->report->revision);
	strs_pushf(env, "FETTLE_CHANGED=%s", changed.ptr);
	if (run->staged_dir)
		strs_pushf(env, "FETTLE_STAGED_DIR=%s", run->staged_dir);
	(void)path;
}

err *swap_run_command(struct swap_run *run, const struct swap_command *command, const char *what)
{
	AUTO(strs) argv = STRS_INIT;
	AUTO(strs) env = STRS_INIT;
	AUTO(proc_result) result = PROC_RESULT_INIT;
	for (const char *const *word = command->argv; *word; word++) {
		AUTO(str) text = STR_INIT;
		TRY(replace(run, *word, &text));
		strs_push(&argv, text.ptr);
	}
	add_environment(run, &env);
	struct proc_opts opts = { .argv = (const char *const *)argv.ptr,
		                  .env = (const char *const *)env.ptr,
		                  .output_limit = SWAP_MAX_OUTPUT_BYTES,
		                  .timeout_ms = command->timeout_ms ? command->timeout_ms
		                                                    : SWAP_TIMEOUT_MS,
		                  .cancel = run->cancel,
		                  .flags = PROC_MERGE_STDERR };
	TRY(proc_run(&opts, &result));
	err *e = proc_result_err(&result, argv.ptr[0]);
	if (e) {
		str_reset(&run->report->output);
		str_add_str(&run->report->output, &result.out);
		return err_wrap(e, "the %s of '%s' failed", what, run->group->name);
	}
	return NULL;
}
