#include "base/base.h"

#include "vault_exposed.h"

#include "git/git.h"
#include "json/json.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "ui/table.h"
#include "vault/exposure.h"

static const char *const states[] = {
	[EXPOSED_SAME] = "same",
	[EXPOSED_CHANGED] = "changed",
	[EXPOSED_GONE] = "gone",
	[EXPOSED_UNKNOWN] = "unknown",
};

enum { SHORT_ID = 10, DAY = 10 };

static void add_day(int64_t time_s, struct str *out)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format(time_s * 1000000000, text);
	str_add(out, text, DAY);
}

static size_t count_state(const struct exposure *found, enum exposure_state state)
{
	size_t n = 0;
	for (size_t i = 0; i < found->files.len; i++)
		for (size_t k = 0; k < found->files.ptr[i].values.len; k++)
			n += found->files.ptr[i].values.ptr[k].state == state;
	return n;
}

static void print_table(struct ui *ui, const struct exposure *found)
{
	static const char *const headings[] = { "FILE", "VALUE", "TODAY", "FROM", "UNTIL" };
	AUTOPTR(ui_table) table = ui_table_new(5, headings);
	for (size_t i = 0; i < found->files.len; i++) {
		const struct exposed_file *file = &found->files.ptr[i];
		AUTO(str) from = STR_INIT;
		AUTO(str) until = STR_INIT;
		add_day(file->from_s, &from);
		str_addf(&from, " %.*s", SHORT_ID, file->from);
		add_day(file->until_s, &until);
		str_addf(&until, " %.*s%s", SHORT_ID, file->until,
		         file->is_current ? " (HEAD)" : "");
		for (size_t k = 0; k < file->values.len; k++) {
			const struct exposed_value *value = &file->values.ptr[k];
			bool is_urgent = value->state == EXPOSED_SAME;
			ui_table_add(table, UI_STYLE_PATH, "%s", file->path);
			ui_table_add(table, UI_PLAIN, value->document ? "%s  (document %zu)" : "%s",
			             value->path, value->document);
			ui_table_add(table, is_urgent ? UI_STYLE_WARNING : UI_PLAIN, "%s",
			             states[value->state]);
			ui_table_add(table, UI_PLAIN, "%s", from.ptr);
			ui_table_add(table, UI_PLAIN, "%s", until.ptr);
		}
	}
	ui_table_print(ui, table);
}

static void json_moment(struct json_writer *json, const char *key, const char *commit,
                        int64_t time_s)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format(time_s * 1000000000, text);
	json_key(json, key);
	json_begin_object(json);
	json_key_string(json, "commit", commit);
	json_key_string(json, "time", text);
	json_end_object(json);
}

static void print_json(struct ui *ui, const struct exposure *found, const char *recipient,
                       const char *name)
{
	AUTO(str) text = STR_INIT;
	struct json_writer json = json_writer_init(&text, JSON_PRETTY);
	json_begin_object(&json);
	json_key_string(&json, "recipient", recipient);
	json_key_string(&json, "name", name);
	json_key_int(&json, "versions", (int64_t)found->versions);
	json_key(&json, "files");
	json_begin_array(&json);
	for (size_t i = 0; i < found->files.len; i++) {
		const struct exposed_file *file = &found->files.ptr[i];
		json_begin_object(&json);
		json_key_string(&json, "path", file->path);
		json_moment(&json, "from", file->from, file->from_s);
		json_moment(&json, "until", file->until, file->until_s);
		json_key_bool(&json, "current", file->is_current);
		json_key(&json, "values");
		json_begin_array(&json);
		for (size_t k = 0; k < file->values.len; k++) {
			json_begin_object(&json);
			json_key_int(&json, "document", (int64_t)file->values.ptr[k].document);
			json_key_string(&json, "path", file->values.ptr[k].path);
			json_key_string(&json, "today", states[file->values.ptr[k].state]);
			json_end_object(&json);
		}
		json_end_array(&json);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
	ui_out_bytes(ui, text.ptr, text.len);
}

static void print_summary(struct ui *ui, const struct exposure *found, const char *who)
{
	if (found->files.len == 0) {
		ui_info(ui, "the history has no file for %s", who);
		return;
	}
	print_table(ui, found);
	ui_info(ui, "%s could read %zu versions of %zu files", who, found->versions,
	        found->files.len);
	size_t same = count_state(found, EXPOSED_SAME),
	       unknown = count_state(found, EXPOSED_UNKNOWN);
	if (same + unknown)
		ui_hint(ui, "change these secrets where they are used: %zu are the same today%s",
		        same, unknown ? ", others could not be compared" : "");
}

err *vault_exposed_print(struct cli_ctx *ctx, struct vault_keys *keys, const char *recipient,
                         const char *name, bool is_json)
{
	AUTO(str) here = STR_INIT;
	struct exposure found = EXPOSURE_INIT;
	struct repo *repo = NULL;
	char *top = NULL;
	TRY(fs_real_path(".", &here));
	TRY(repo_open_around(here.ptr, &repo, &top));
	err *e = exposure_find(repo, recipient, vault_keyring(keys), &found);
	if (!e && is_json)
		print_json(ctx->ui, &found, recipient, name);
	else if (!e)
		print_summary(ctx->ui, &found, name ? name : recipient);
	exposure_clear(&found);
	repo_free(repo);
	mem_free(top);
	return e ? e : ui_flush(ctx->ui);
}
