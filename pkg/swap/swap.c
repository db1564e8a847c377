#include "base/base.h"

#include "swap/swap_private.h"

#include "base/limits.h"
#include "base/path.h"
#include "crypto/hash.h"
#include "pal/clock.h"
#include "pal/fs.h"

enum {
	NEW_FILE = 0640,
	NEW_DIR = 0755,
	NAME_DIGITS = 12, /* of the revision, in the name of a generation */
};

const char *swap_outcome_name(enum swap_outcome outcome)
{
	static const char *const names[] = { "unchanged", "committed", "rejected", "rolled-back",
		                             "held" };
	return names[outcome];
}

void swap_report_clear(struct swap_report *report)
{
	err_free(report->error);
	str_clear(&report->output);
	*report = (struct swap_report)SWAP_REPORT_INIT;
}

/* --- paths and content --- */

char *swap_visible_path(const struct swap_group *group, size_t index)
{
	const char *path = group->files[index].path;
	return group->generation ? path_join(group->generation, path) : mem_strdup(path);
}

err *swap_open_dir(const char *path, bool create, struct fs_root **ret_root)
{
	AUTOFREE char *dir = path_dir(path);
	return fs_root_open(dir, create, ret_root);
}

err *swap_current(const struct swap_group *group, size_t index, struct str *ret_text)
{
	AUTOFREE char *path = swap_visible_path(group, index);
	err *e = fs_read_file(path, LIMIT_CONTENT_BYTES, ret_text);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		str_reset(ret_text);
		return NULL;
	}
	return e;
}

err *swap_compare(const struct swap_group *group, bool *differs)
{
	for (size_t i = 0; i < group->file_count; i++) {
		AUTO(str) now = STR_INIT;
		AUTOFREE char *path = swap_visible_path(group, i);
		TRY(swap_current(group, i, &now));
		differs[i] =
			!fs_exists(path) || !view_equal(view_str(&now), group->files[i].content);
	}
	return NULL;
}

static void hash_part(struct sha256 *hash, const void *ptr, size_t len)
{
	uint64_t size = len;
	sha256_add(hash, &size, sizeof(size));
	sha256_add(hash, ptr, len);
}

static void name_revision(const struct swap_group *group, char ret_hex[SHA256_HEX_SIZE])
{
	struct sha256 hash;
	uint8_t digest[SHA256_BYTES];
	sha256_start(&hash);
	for (size_t i = 0; i < group->file_count; i++) {
		hash_part(&hash, group->files[i].path, strlen(group->files[i].path));
		hash_part(&hash, group->files[i].content.ptr, group->files[i].content.len);
	}
	sha256_end(&hash, digest);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}

static size_t count_changed(const struct swap_run *run)
{
	size_t count = 0;
	for (size_t i = 0; i < run->group->file_count; i++)
		count += run->differs[i];
	return count;
}

/* --- staging --- */

static struct fs_stage_opts opts_of(const struct swap_file *file, bool is_new)
{
	return (struct fs_stage_opts){ .mode = file->mode == FS_KEEP && is_new ? (uint32_t)NEW_FILE
		                                                               : file->mode,
		                       .uid = file->uid,
		                       .gid = file->gid,
		                       .keep_xattrs = true };
}

static err *stage_files(struct swap_run *run)
{
	for (size_t i = 0; i < run->group->file_count; i++) {
		const struct swap_file *file = &run->group->files[i];
		AUTOPTR(fs_root) root = NULL;
		if (!run->differs[i])
			continue;
		TRY(swap_open_dir(file->path, true, &root));
		size_t swept = 0;
		TRY(fs_root_sweep(root, "", &swept));
		struct fs_stage_opts opts = opts_of(file, !fs_exists(file->path));
		TRY(fs_stage_begin(root, path_base(file->path), &opts, file->content,
		                   &run->stages[i]));
	}
	return NULL;
}

/* All files in a folder beside the link, changed or not: a generation is whole. */
static err *stage_generation(struct swap_run *run)
{
	const struct swap_group *group = run->group;
	AUTOFREE char *parent = path_dir(group->generation);
	AUTOFREE char *name = str_format(".%s.%.*s", path_base(group->generation), NAME_DIGITS,
	                                 run->report->revision);
	run->staged_dir = path_join(parent, name);
	TRY(fs_remove_tree(run->staged_dir)); /* what a killed run left */
	for (size_t i = 0; i < group->file_count; i++) {
		AUTOPTR(fs_root) root = NULL;
		AUTOFREE char *path = path_join(run->staged_dir, group->files[i].path);
		AUTOFREE char *dir = path_dir(path);
		struct fs_stage_opts opts = opts_of(&group->files[i], true);
		TRY(fs_mkdir_all(dir, NEW_DIR));
		TRY(fs_root_open(dir, false, &root));
		TRY(fs_root_write(root, path_base(path), &opts, group->files[i].content, 0));
	}
	return NULL;
}

static void drop_staged(struct swap_run *run)
{
	for (size_t i = 0; i < run->group->file_count; i++) {
		fs_stage_free(run->stages[i]);
		run->stages[i] = NULL;
	}
	if (run->staged_dir)
		err_ignore(fs_remove_tree(run->staged_dir), "the next run removes it");
}

/* --- checks --- */

static err *check_content(struct swap_run *run)
{
	const struct swap_group *group = run->group;
	run->report->stage = "syntax";
	for (size_t i = 0; i < group->file_count; i++) {
		if (!run->differs[i])
			continue;
		TRY(swap_check_syntax(&group->files[i]));
		if (group->check)
			TRY(group->check(group->check_ctx, &group->files[i]));
	}
	return NULL;
}

static err *check_staged(struct swap_run *run)
{
	run->report->stage = "check";
	for (size_t i = 0; i < run->group->check_count; i++)
		TRY(swap_run_command(run, &run->group->checks[i], "check"));
	return NULL;
}

/* --- making it visible --- */

static err *move_files(struct swap_run *run)
{
	for (size_t i = 0; i < run->group->file_count; i++)
		if (run->stages[i])
			TRY(fs_stage_commit(steal(&run->stages[i]), 0));
	return NULL;
}

static err *lead_link(struct swap_run *run)
{
	AUTOPTR(fs_root) root = NULL;
	TRY(swap_open_dir(run->group->generation, true, &root));
	return fs_root_symlink_atomic(root, path_base(run->staged_dir),
	                              path_base(run->group->generation), 0);
}

/* Old generations, but the one the link leads to. */
static void remove_old_generations(const struct swap_run *run)
{
	const char *link = run->group->generation;
	AUTOFREE char *parent = path_dir(link);
	AUTOFREE char *prefix = str_format(".%s.", path_base(link));
	AUTO(fs_list) names = { 0 };
	err *e = fs_list(parent, &names);
	for (size_t i = 0; i < names.len && !e; i++) {
		const char *name = names.ptr[i].name;
		if (!str_starts(name, prefix) || strcmp(name, path_base(run->staged_dir)) == 0 ||
		    strlen(name) != strlen(prefix) + NAME_DIGITS)
			continue;
		AUTOFREE char *path = path_join(parent, name);
		err_ignore(fs_remove_tree(path), "only rubbish");
	}
	err_ignore(e, "only rubbish");
}

static int64_t since(int64_t *start_ns)
{
	int64_t now_ns = clock_monotonic_ns(), past_ns = now_ns - *start_ns;
	*start_ns = now_ns;
	return past_ns;
}

static err *go_live(struct swap_run *run)
{
	int64_t start_ns = clock_monotonic_ns();
	run->report->stage = "swap";
	TRY(run->group->generation ? lead_link(run) : move_files(run));
	run->report->swap_ns = since(&start_ns);
	if (run->group->no_reload_first_time)
		return NULL;
	run->report->stage = "reload";
	TRY(swap_do_reload(run));
	run->report->reload_ns = since(&start_ns);
	run->report->stage = "health";
	TRY(swap_wait_health(run));
	run->report->health_ns = since(&start_ns);
	return NULL;
}

/* The words of the daemon about the new content, not about the old one, stay in the report. */
static err *go_back(struct swap_run *run)
{
	bool was_there;
	struct str said = run->report->output;
	const char *stage = run->report->stage;
	run->report->output = (struct str)STR_INIT;
	err *e = swap_journal_undo(run->group, &was_there);
	if (!e && strcmp(stage, "swap") != 0) {
		e = swap_do_reload(run);
		e = e ? e : swap_wait_health(run);
	}
	str_clear(&run->report->output);
	run->report->output = said;
	run->report->stage = stage;
	return e;
}

/* --- the run --- */

static err *reject(struct swap_run *run, enum swap_outcome outcome, err *take_error)
{
	run->report->outcome = outcome;
	run->report->error = take_error;
	return swap_reject(run->group, run->report->revision, err_message(take_error));
}

static err *roll_back(struct swap_run *run, err *take_error)
{
	err *unwell = go_back(run);
	err *recorded = reject(run, unwell ? SWAP_HELD : SWAP_ROLLED_BACK, take_error);
	if (unwell)
		run->report->error =
			err_join(run->report->error,
		                 err_wrap(unwell, "after going back '%s' is not well either",
		                          run->group->name));
	TRY(recorded);
	return swap_journal_end(run->group);
}

static err *try_new(struct swap_run *run)
{
	int64_t start_ns = clock_monotonic_ns();
	err *e = check_content(run);
	if (!e) {
		TRY(run->group->generation ? stage_generation(run) : stage_files(run));
		e = check_staged(run);
	}
	run->report->check_ns = since(&start_ns);
	if (e && (err_is(e, ERR_CANCELLED) || err_is(e, ERR_USAGE)))
		return e;
	if (e)
		return reject(run, SWAP_REJECTED, e);
	TRY(swap_journal_write(run));
	e = go_live(run);
	if (e)
		return roll_back(run, e);
	run->report->outcome = SWAP_COMMITTED;
	run->report->stage = NULL;
	TRY(swap_journal_end(run->group));
	if (run->group->generation) {
		remove_old_generations(run);
		mem_free(run->staged_dir);
		run->staged_dir = NULL;
	}
	return NULL;
}

static err *run_swap(struct swap_run *run)
{
	AUTOFREE char *reason = NULL;
	TRY(swap_recover(run->group, &run->report->was_recovered));
	TRY(swap_compare(run->group, run->differs));
	name_revision(run->group, run->report->revision);
	run->report->changed = count_changed(run);
	if (run->report->changed == 0) {
		run->report->outcome = SWAP_UNCHANGED;
		/* What the killed run made may have been read. */
		return run->report->was_recovered ? swap_do_reload(run) : NULL;
	}
	TRY(swap_rejected(run->group, run->report->revision, &reason));
	if (reason) {
		run->report->outcome = SWAP_REJECTED;
		run->report->was_known = true;
		run->report->error = err_new(ERR_INVALID, "%s", reason);
		return NULL;
	}
	return try_new(run);
}

err *swap_recover(const struct swap_group *group, bool *ret_recovered)
{
	TRY(swap_journal_undo(group, ret_recovered));
	return *ret_recovered ? swap_journal_end(group) : NULL;
}

err *swap_apply(const struct swap_group *group, const atomic_int *cancel,
                struct swap_report *ret_report)
{
	if (group->file_count == 0 || group->file_count > SWAP_MAX_FILES)
		return err_new(ERR_USAGE, "'%s' has %zu files, expected 1 to %u", group->name,
		               group->file_count, SWAP_MAX_FILES);
	swap_report_clear(ret_report);
	struct swap_run run = { .group = group,
		                .cancel = cancel,
		                .report = ret_report,
		                .differs = mem_zalloc(group->file_count, sizeof(bool)),
		                .stages =
		                        mem_zalloc(group->file_count, sizeof(struct fs_stage *)) };
	err *e = run_swap(&run);
	drop_staged(&run);
	mem_free(run.staged_dir);
	mem_free(run.stages);
	mem_free(run.differs);
	return e;
}
