/* fettle config import: what consul-template and confd are configured with, as configuration of the agent. */
#include "base/base.h"

#include "config_import.h"

#include <ctype.h>
#include <stdarg.h>

#include "agent/agent_config.h"
#include "base/limits.h"
#include "base/path.h"
#include "cmds.h"
#include "pal/fs.h"
#include "yaml/yaml.h"

struct import_args {
	const char *path, *out;
	bool force;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct import_args, path), .arg = "path",
	  .help = "consul-template's .hcl or .json, confd's folder, or one .toml of its conf.d",
	  .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	{ CLI_STR(struct import_args, out), .letter = 'O', .name = "out", .arg = "file",
	  .help = "write here instead of standard output", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct import_args, force), .name = "force", .help = "replace the file",
	  .flags = CLI_NO_NEGATION },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "from consul-template",
	  "fettle config import /etc/consul-template.hcl --out agent.yaml" },
	{ "from confd", "fettle config import /etc/confd --out agent.yaml" },
	{ "what the agent would then do", "fettle config render --diff agent.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "converted; what has no counterpart is told" },
	                                 { 2,
	                                   "bad usage, or a file that cannot be read as theirs" },
	                                 { 3, "reading or writing failed" },
	                                 { 5, "the file is there already" },
	                                 { 0, NULL } };

/* --- shared --- */

void import_note(struct import *import, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	if (!strs_contains(&import->notes, text.ptr))
		strs_push(&import->notes, text.ptr);
}

const char *import_unit_name(struct import *import, const char *file)
{
	AUTO(str) name = STR_INIT;
	for (const char *c = path_base(file); *c && name.len < 50; c++) {
		bool is_plain = isalnum((unsigned char)*c);
		if (is_plain)
			str_addch(&name, (char)tolower((unsigned char)*c));
		else if (name.len && name.ptr[name.len - 1] != '-')
			str_addch(&name, '-');
	}
	while (name.len && name.ptr[name.len - 1] == '-')
		str_truncate(&name, name.len - 1);
	if (!name.len)
		str_addz(&name, "unit");
	size_t len = name.len;
	for (unsigned i = 2; val_get(import->units, name.ptr); i++) {
		str_truncate(&name, len);
		str_addf(&name, "-%u", i);
	}
	return arena_strdup(&import->arena, name.ptr);
}

struct val *import_shell(struct import *import, const char *text)
{
	struct val *words = val_new_list(&import->arena);
	val_push(&import->arena, words, val_new_str(&import->arena, "sh"));
	val_push(&import->arena, words, val_new_str(&import->arena, "-c"));
	val_push(&import->arena, words, val_new_str(&import->arena, text));
	return words;
}

struct val *import_command(struct import *import, const struct val *command)
{
	/* A list of one word goes through a shell there, too. */
	if (val_is(command, VAL_LIST) && val_len(command) == 1)
		command = val_at(command, 0);
	if (val_is(command, VAL_STR))
		return *command->as.str.ptr ? import_shell(import, command->as.str.ptr) : NULL;
	return val_len(command) ? val_copy(&import->arena, command) : NULL;
}

const char *import_url(struct import *import, const char *kind, const char *address, bool is_tls,
                       const char *path)
{
	is_tls |= str_starts(address, "https://");
	const char *scheme = strstr(address, "://");
	AUTOFREE char *host = mem_strdup(scheme ? scheme + 3 : address);
	while (*host && host[strlen(host) - 1] == '/')
		host[strlen(host) - 1] = '\0';
	return arena_printf(&import->arena, "%s%s://%s%s%s", kind, is_tls ? "s" : "", host,
	                    *path ? "/" : "", path);
}

void import_texts(struct import *import, const struct val *from, const char *const names[][2],
                  size_t count, struct val *to)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = val_get_str(from, names[i][0], "");
		if (*text)
			val_set_str(&import->arena, to, names[i][1], text);
	}
}

const char *import_mode(struct import *import, const struct val *mode)
{
	if (val_is(mode, VAL_INT))
		return arena_printf(&import->arena, "%04o", (unsigned)mode->as.integer & 07777u);
	const char *text = val_is(mode, VAL_STR) ? mode->as.str.ptr : NULL;
	return text && *text ? arena_printf(&import->arena, "%s%s", *text == '0' ? "" : "0", text)
	                     : NULL;
}

void import_secret(struct import *import, struct val *source, const char *member, const char *what,
                   const char *file)
{
	val_set_str(&import->arena, source, member, file);
	import_note(import, "put %s into the file '%s', which only its user can read", what, file);
}

void import_note_others(struct import *import, const struct val *map, const char *where,
                        const char *const *known)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		bool is_known = false;
		for (size_t k = 0; known[k] && !is_known; k++)
			is_known = str_equal(known[k], entry->key);
		if (!is_known)
			import_note(import, "%s'%s' has no counterpart and is left out", where,
			            entry->key);
	}
}

/* --- the command --- */

static err *convert(struct import *import, const char *path)
{
	AUTO(str) text = STR_INIT;
	if (fs_is_dir(path) || str_ends(path, ".toml"))
		return import_confd(import, path);
	TRY(fs_read_file(path, LIMIT_SETTINGS_BYTES, &text));
	return import_consul_template(import, path, view_str(&text));
}

static err *write_out(struct cli_ctx *ctx, const struct import_args *args, struct import *import)
{
	AUTO(str) text = STR_INIT;
	struct arena *a = &import->arena;
	struct val *root = val_new_map(a);
	val_set_str(a, root, "apiVersion", AGENT_API_VERSION);
	val_set_str(a, root, "kind", "Agent");
	val_set(a, root, "sources", import->sources);
	val_set(a, root, "units", import->units);
	yaml_write(root, &text);
	if (args->out) {
		if (!args->force && fs_exists(args->out))
			return err_hint(err_new(ERR_REFUSED, "'%s' is there already", args->out),
			                "use --force to replace it");
		TRY(fs_write_atomic(args->out, view_str(&text), 0644));
	} else {
		ui_out_bytes(ctx->ui, text.ptr, text.len);
		TRY(ui_flush(ctx->ui));
	}
	for (size_t i = 0; i < import->notes.len; i++)
		ui_warn(ctx->ui, "%s", import->notes.ptr[i]);
	ui_hint(ctx->ui, "see what it would do with 'fettle config render --diff %s'",
	        args->out ? args->out : "FILE");
	return NULL;
}

static err *run_import(struct cli_ctx *ctx, const void *data)
{
	const struct import_args *args = data;
	struct import import = { .arena = ARENA_INIT, .notes = STRS_INIT };
	import.sources = val_new_map(&import.arena);
	import.units = val_new_map(&import.arena);
	err *e = convert(&import, args->path);
	if (!e && val_len(import.units) == 0)
		e = err_new(ERR_INVALID, "'%s' has no template", args->path);
	if (!e)
		e = write_out(ctx, args, &import);
	strs_clear(&import.notes);
	arena_wipe(&import.arena);
	return e;
}

const struct cli_cmd cmd_config_import = {
	.name = "import",
	.brief = "convert the configuration of consul-template or confd",
	.about =
		"Write the configuration of 'fettle config run' that does what theirs does: their sources, and a "
		"unit for each template with its check and reload. Templates stay as they are; relative paths "
		"in the result are taken from its own folder. Secrets are not copied; they belong into files "
		"of their own. Whatever has no counterpart is told.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "config run, config render",
	.args_size = sizeof(struct import_args),
	.run = run_import,
};
