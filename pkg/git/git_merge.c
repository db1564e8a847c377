/* Merging lines, and what a repository keeps for itself: its settings and its private folder. */
#include "base/base.h"

#include "git/git_private.h"

static git_merge_file_input input_of(struct view text)
{
	git_merge_file_input input = GIT_MERGE_FILE_INPUT_INIT;
	input.ptr = text.len ? text.ptr : "";
	input.size = text.len;
	return input;
}

err *repo_merge_text(struct view base, struct view ours, struct view theirs, struct str *ret_text,
                     bool *ret_is_clean)
{
	TRY(repo_start());
	git_merge_file_input inputs[] = { input_of(base), input_of(ours), input_of(theirs) };
	git_merge_file_options options = GIT_MERGE_FILE_OPTIONS_INIT;
	git_merge_file_result result = { 0 };
	options.ancestor_label = "base";
	options.our_label = "ours";
	options.their_label = "theirs";
	int code = git_merge_file(&result, &inputs[0], &inputs[1], &inputs[2], &options);
	if (code < 0)
		return repo_failure(code, "cannot merge the lines");
	*ret_is_clean = result.automergeable;
	str_reset(ret_text);
	str_add(ret_text, result.ptr, result.len);
	mem_wipe((void *)(uintptr_t)result.ptr, result.len);
	git_merge_file_result_free(&result);
	return NULL;
}

err *repo_set(struct repo *repo, const char *name, const char *value)
{
	git_config *all = NULL, *local = NULL;
	int code = git_repository_config(&all, repo->handle);
	if (code == 0)
		code = git_config_open_level(&local, all, GIT_CONFIG_LEVEL_LOCAL);
	if (code == 0 && value)
		code = git_config_set_string(local, name, value);
	else if (code == 0)
		code = git_config_delete_entry(local, name);
	if (!value && code == GIT_ENOTFOUND)
		code = 0;
	git_config_free(local);
	git_config_free(all);
	return code < 0 ? repo_failure(code, "cannot change the setting '%s' of the repository",
	                               name)
	                : NULL;
}

err *repo_private_folder(struct repo *repo, char **ret_path)
{
	const char *folder = git_repository_commondir(repo->handle);
	size_t len = strlen(folder);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	*ret_path = mem_strndup(folder, len);
	return NULL;
}
