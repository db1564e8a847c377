#include "base/base.h"

#include "vault_sync.h"

#include "pal/fs.h"
#include "pal/pool.h"

struct job {
	const char *path;
	const struct sops_creation *creation;
	bool is_wanted, needs_new_key, is_same;
	struct str text;
	err *e;
};

struct run {
	struct vault_sync *sync;
	struct job *jobs;
	size_t count;
	struct str now;
};

/* Is everybody of `these` among `those`? */
static bool are_all_in(const struct sops_key_group *these, size_t count,
                       const struct sops_key_group *those, size_t other_count)
{
	for (size_t g = 0; g < count; g++)
		for (size_t i = 0; i < these[g].len; i++)
			if (!sops_find_key(those, other_count, &these[g].keys[i]))
				return false;
	return true;
}

static void compare(struct job *job, const struct sops_meta *meta)
{
	const struct sops_recipients *wanted = &job->creation->recipients;
	bool keeps_all =
		are_all_in(meta->groups, meta->group_count, wanted->groups, wanted->group_count);
	bool has_all =
		are_all_in(wanted->groups, wanted->group_count, meta->groups, meta->group_count);
	bool same_shape = meta->group_count == wanted->group_count &&
	                  (meta->group_count == 1 ||
	                   meta->threshold == (wanted->threshold ? wanted->threshold
	                                                         : (unsigned)wanted->group_count));
	job->is_same = keeps_all && has_all && same_shape;
	job->needs_new_key = !keeps_all || !same_shape;
}

static err *prepare(struct run *run, struct job *job)
{
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	AUTO(str) text = STR_INIT;
	TRY(vault_read(job->path, &text));
	TRY(sops_open(sops_format_of(job->path), view_str(&text), job->path, &doc.doc));
	const struct sops_meta *meta = sops_meta_of(doc.doc);
	job->is_wanted = meta != NULL;
	if (!meta)
		return NULL;
	compare(job, meta);
	if (job->is_same || run->sync->is_dry)
		return NULL;
	TRY(vault_unlock(run->sync->keys, &doc, 0));
	return sops_rekey(doc.doc, &doc.key, &job->creation->recipients,
	                  vault_keyring(run->sync->keys), job->needs_new_key, run->now.ptr,
	                  &job->text);
}

static void work(void *data, size_t index)
{
	struct run *run = data;
	struct job *job = &run->jobs[index];
	if (!job->e && job->creation)
		job->e = prepare(run, job);
}

static err *find_rule(struct run *run, struct vault_rules *rules, struct job *job)
{
	if (run->sync->config)
		return sops_config_match(run->sync->config, job->path, &job->creation);
	err *e = vault_rule(rules, job->path, &job->creation);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "without .sops.yaml there is nothing to compare with");
		return NULL;
	}
	return e;
}

static bool is_changed(const struct job *job)
{
	return job->creation && job->is_wanted && !job->is_same;
}

/* Through a symlink, and with the permission bits of the old file, as vault_replace. */
static err *aim(const struct job *job, struct str *ret_path, struct fs_new_file *file)
{
	struct fs_stat stat;
	TRY(fs_real_path(job->path, ret_path));
	TRY(fs_stat(ret_path->ptr, &stat));
	*file = (struct fs_new_file){ ret_path->ptr, view_str(&job->text), stat.mode, NULL };
	return NULL;
}

static void write_files(struct run *run)
{
	struct fs_new_file *files = mem_zalloc(run->count, sizeof(*files));
	struct str *paths = mem_zalloc(run->count, sizeof(*paths));
	struct job **jobs = mem_zalloc(run->count, sizeof(struct job *));
	size_t count = 0;
	for (size_t i = 0; i < run->count; i++) {
		struct job *job = &run->jobs[i];
		str_init(&paths[i]);
		if (is_changed(job))
			job->e = aim(job, &paths[i], &files[count]);
		if (is_changed(job) && !job->e)
			jobs[count++] = job;
	}
	fs_write_many(files, count);
	for (size_t i = 0; i < count; i++)
		jobs[i]->e = files[i].error;
	for (size_t i = 0; i < run->count; i++)
		str_clear(&paths[i]);
	mem_free(jobs);
	mem_free(paths);
	mem_free(files);
}

/* Every file that can be written is, also when one cannot: a second run finds less to do. */
static err *write_all(struct run *run)
{
	struct vault_sync *sync = run->sync;
	err *all = NULL;
	if (!sync->is_dry)
		write_files(run);
	for (size_t i = 0; i < run->count; i++) {
		struct job *job = &run->jobs[i];
		if (!job->creation || !job->is_wanted)
			continue;
		if (job->is_same) {
			sync->same++;
			continue;
		}
		all = err_join(all, job->e);
		if (job->e)
			continue;
		ui_info(sync->ui, "%s%s: %s", sync->is_dry ? "would change " : "", job->path,
		        job->needs_new_key ? "a new data key" : "the data key for new recipients");
		if (job->needs_new_key)
			sync->renewed++;
		else
			sync->added++;
	}
	return all ? err_hint(all,
	                      "when that is mended, 'fettle vault recipients sync' does the rest")
	           : NULL;
}

static err *work_all(struct run *run, const struct strs *files)
{
	AUTOPTR(vault_rules) rules = vault_rules_new();
	err *all = NULL;
	for (size_t i = 0; i < files->len; i++) {
		run->jobs[i].path = files->ptr[i];
		str_init(&run->jobs[i].text);
		run->jobs[i].e = find_rule(run, rules, &run->jobs[i]);
	}
	pool_for_each(0, run->count, work, run);
	for (size_t i = 0; i < run->count; i++)
		all = err_join(all, run->jobs[i].e);
	/* One that cannot be done, and none is: else those who left could go on reading some. */
	if (all)
		return err_hint(all, "nothing was changed");
	if (run->sync->commit)
		TRY(run->sync->commit(run->sync->commit_data));
	return write_all(run);
}

static err *find_files(const struct strs *paths, struct strs *files)
{
	AUTO(strs) here = STRS_INIT;
	if (paths->len)
		return vault_files(paths, 0, files, NULL);
	strs_push(&here, ".");
	err *e = vault_files(&here, 0, files, NULL);
	if (!e || !err_is(e, ERR_NOT_FOUND))
		return e;
	err_ignore(e, "rules may come before the first file");
	return NULL;
}

err *vault_sync_files(struct vault_sync *sync, const struct strs *paths)
{
	AUTO(strs) files = STRS_INIT;
	struct run run = { .sync = sync, .now = STR_INIT };
	TRY(find_files(paths, &files));
	sops_now(&run.now);
	run.count = files.len;
	run.jobs = mem_zalloc(files.len, sizeof(*run.jobs));
	err *e = work_all(&run, &files);
	for (size_t i = 0; i < run.count; i++)
		str_clear(&run.jobs[i].text);
	mem_free(run.jobs);
	str_clear(&run.now);
	return e;
}
