#include "base/base.h"

#include "target_host/internal.h"

#include "json/json.h"
#include "target_host/specs.h"

#define COMMAND_TIMEOUT_MS (5 * 60 * 1000)

struct command {
	struct host_object base; /* first */
	const struct val *spec;
	struct host_program check, apply; /* argv NULL: none */
};

/* One of the argument lists of a spec, with everything it runs in. */
static err *program_of(const struct host *host, const struct val *spec, const char *field,
                       struct arena *arena, struct host_program *ret_program)
{
	const struct val *env = val_get(spec, "env");
	const struct val_entry *entry;
	const char **env_list = arena_zalloc(arena, val_len(env) + 1, sizeof(*env_list));
	const char *dir = val_get_str(spec, "workingDirectory", NULL);
	struct host_program program = { .argv = host_argv(arena, val_get(spec, field)) };
	for (VAL_EACH_ENTRY(i, entry, env))
		env_list[i] = arena_printf(arena, "%s=%s", entry->key, entry->value->as.str.ptr);
	program.env = env_list;
	program.timeout_ms = host_duration(spec, "timeout", COMMAND_TIMEOUT_MS);
	if (dir) {
		const char *rel;
		AUTO(str) path = STR_INIT;
		TRY(host_path(host, dir, arena, &rel));
		fs_root_os_path(host->root, rel, &path);
		program.dir = arena_strndup(arena, path.ptr, path.len);
	}
	*ret_program = program;
	return NULL;
}

static err *compile(struct host *host, struct object_set *set, struct object *object)
{
	struct command *command = ARENA_NEW(&set->arena, struct command);
	const struct val *spec = val_get(object->doc, "spec");
	command->base.kind = &host_kind_command;
	command->spec = spec;
	err *e = program_of(host, spec, "check", &set->arena, &command->check);
	if (!e)
		e = program_of(host, spec, "apply", &set->arena, &command->apply);
	if (e)
		return val_place(e, val_get(spec, "workingDirectory"));
	object->compiled = command;
	return NULL;
}

/* --- in sync or not --- */

static void hash_spec(const struct host *host, const struct val *spec, bool is_keyed,
                      char ret_hex[SHA256_HEX_SIZE])
{
	AUTO(str) text = STR_INIT;
	json_write(spec, JSON_SORTED, &text);
	host_content_hash(host, view_str(&text), is_keyed, ret_hex);
}

static const char *print_command(struct arena *arena, const char *spec_hash, const char *state)
{
	AUTO(str) text = STR_INIT;
	str_addf(&text, "command\nspec=%s\n%s\n", spec_hash, state);
	return host_fingerprint(arena, &text);
}

static const char *desired(struct host *host, const struct object *object, struct arena *arena)
{
	const struct command *command = object->compiled;
	char hash[SHA256_HEX_SIZE];
	hash_spec(host, command->spec, object->is_sensitive, hash);
	return print_command(arena, hash, "done");
}

/* A check that cannot run yet, because its program is not there, only says "not done". */
static err *run_check(const struct host *host, const struct host_program *check, bool *ret_is_done,
                      struct str *ret_words)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	err *e = host_run(host, check, &result);
	*ret_is_done = false;
	if (!e && !result.timed_out && !result.cancelled) {
		*ret_is_done = result.signal == 0 && result.exit_code == 0;
		e = host_run_err(host, &result, check->argv[0]);
	} else if (!e) {
		return err_wrap(host_run_err(host, &result, check->argv[0]), "cannot check");
	} else if (!err_is(e, ERR_NOT_FOUND)) {
		return err_wrap(e, "cannot check");
	}
	if (e)
		str_addz(ret_words, err_message(e));
	err_ignore(e, "the answer of the check is no");
	return NULL;
}

/* Of a record: what it was recorded as, or nothing when its own check says it is not so. */
static err *live(struct host *host, const struct host_place *place, struct arena *arena,
                 const char **ret_live, const char **ret_note)
{
	const struct target_record *record = place->record;
	struct val *manifest = NULL;
	struct host_program check = { 0 };
	bool is_done = true;
	AUTO(str) words = STR_INIT;
	if (record && record->manifest) {
		TRY(json_load(record->manifest, strlen(record->manifest), "record", arena,
		              &manifest));
		TRY(program_of(host, val_get(manifest, "spec"), "check", arena, &check));
	}
	if (check.argv)
		TRY(run_check(host, &check, &is_done, &words));
	if (ret_note)
		*ret_note = !check.argv ? "has no check"
		            : is_done   ? "its check agrees"
		                        : arena_strdup(arena, words.ptr);
	*ret_live = "";
	if (record && is_done)
		*ret_live =
			record->fingerprint[0] ? record->fingerprint : record->pending_fingerprint;
	return NULL;
}

/* --- plan --- */

static void show_program(struct plan_item *item, const char *path, const struct host_program *p)
{
	AUTO(str) text = STR_INIT;
	if (!p->argv)
		return;
	if (item->is_sensitive)
		str_addz(&text, "(sensitive)");
	else
		host_argv_text(p->argv, &text);
	plan_change_text(item, path, NULL, text.ptr);
}

static err *plan_to_run(struct host *host, const struct object *object,
                        const struct target_record *record, const char *words,
                        struct plan_item *item)
{
	const struct command *command = object->compiled;
	bool was_recorded = record && record->fingerprint[0];
	item->desired = desired(host, object, &item->arena);
	item->live = was_recorded ? print_command(&item->arena, record->fingerprint, "undone") : "";
	item->action = was_recorded ? PLAN_UPDATE : PLAN_CREATE;
	item->has_drifted = command->check.argv && was_recorded &&
	                    str_equal(record->fingerprint, item->desired);
	item->uid = host_uid_make(item, 0, record, NULL, 0);
	if (words && *words && !item->is_sensitive)
		item->reason = arena_strdup(&item->arena, words);
	else if (record && record->is_pending)
		item->reason = "an earlier run was cut off";
	else if (was_recorded)
		item->reason = command->check.argv ? "its check says no" : "its manifest changed";
	show_program(item, "run", &command->apply);
	return NULL;
}

static err *plan(struct host *host, const struct object *object, const struct target_record *record,
                 unsigned flags, struct plan_item *item)
{
	const struct command *command = object->compiled;
	AUTO(str) words = STR_INIT;
	bool is_done;
	if (command->check.argv) {
		err *e = run_check(host, &command->check, &is_done, &words);
		if (e)
			return err_wrap(val_place(e, val_get(command->spec, "check")), "%s",
			                object->display);
	} else {
		AUTO(arena) arena = ARENA_INIT;
		is_done = record && !record->is_pending &&
		          str_equal(record->fingerprint, desired(host, object, &arena));
	}
	if (!is_done)
		return plan_to_run(host, object, record, words.ptr, item);
	TRY(host_plan_same(host, object, record, flags, item));
	item->is_foreign = false;
	return NULL;
}

/* --- change --- */

static err *apply(struct host *host, struct plan_item *item)
{
	const struct command *command = item->object->compiled;
	AUTO(str) words = STR_INIT;
	bool is_done = true;
	TRY(host_run_ok(host, &command->apply));
	if (command->check.argv)
		TRY(run_check(host, &command->check, &is_done, &words));
	if (is_done)
		return NULL;
	return err_hint(
		err_new(ERR_IO, "'apply' succeeded, but its check still says no: %s", words.ptr),
		"the check must exit with 0 once apply has done its work");
}

/* --- removal: only a Command that says how can be undone --- */

static err *remove_program(struct host *host, const struct host_place *place, struct arena *arena,
                           struct host_program *ret_program)
{
	struct val *manifest = NULL;
	const char *text = place->record->manifest;
	*ret_program = (struct host_program){ 0 };
	if (!text)
		return NULL;
	TRY(json_load(text, strlen(text), "record", arena, &manifest));
	return program_of(host, val_get(manifest, "spec"), "remove", arena, ret_program);
}

static err *show_removal(struct host *host, const struct host_place *place, struct plan_item *item)
{
	struct host_program program;
	TRY(remove_program(host, place, &item->arena, &program));
	if (!program.argv) {
		item->action = PLAN_FORGET;
		item->has_drifted = false;
		item->hint = NULL;
		item->reason = "its manifest has no 'remove', so what it did stays";
		return NULL;
	}
	AUTO(str) text = STR_INIT;
	host_argv_text(program.argv, &text);
	plan_change_text(item, "run", NULL, text.ptr);
	return NULL;
}

static err *remove_command(struct host *host, const struct host_place *place,
                           struct plan_item *item)
{
	struct host_program program;
	TRY(remove_program(host, place, &item->arena, &program));
	if (!program.argv)
		return NULL;
	return host_run_ok(host, &program);
}

const struct host_kind host_kind_command = {
	.group = HOST_GROUP,
	.name = "Command",
	.schema = &host_schema_command,
	.compile = compile,
	.plan = plan,
	.apply = apply,
	.live = live,
	.desired = desired,
	.remove = remove_command,
	.show_removal = show_removal,
};
