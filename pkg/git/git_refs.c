#include "base/base.h"

#include "git/git_private.h"

#include "base/suggest.h"

#define SUGGESTIONS 3u

void repo_choice_clear(struct repo_choice *choice)
{
	mem_free(choice->name);
	choice->name = NULL;
}

static bool is_hex(const char *text)
{
	for (; *text; text++)
		if (!strchr("0123456789abcdefABCDEF", *text))
			return false;
	return true;
}

bool repo_is_full_id(const char *ref)
{
	return strlen(ref) == GIT_OID_SHA1_HEXSIZE && is_hex(ref);
}

bool repo_is_short_id(const char *ref)
{
	size_t len = strlen(ref);
	return len >= 7 && len <= GIT_OID_SHA1_HEXSIZE && is_hex(ref);
}

const char *repo_short_ref(const char *name)
{
	static const char *const prefixes[] = { "refs/heads/", "refs/tags/",
		                                "refs/remotes/origin/" };
	for (size_t i = 0; name && i < ARRAY_LEN(prefixes); i++)
		if (str_starts(name, prefixes[i]))
			return name + strlen(prefixes[i]);
	return NULL;
}

static const struct repo_ref *find(const struct repo_ref *refs, size_t count, const char *prefix,
                                   const char *name)
{
	size_t prefix_len = strlen(prefix);
	for (size_t i = 0; i < count; i++)
		if (strncmp(refs[i].name, prefix, prefix_len) == 0 &&
		    str_equal(refs[i].name + prefix_len, name))
			return &refs[i];
	return NULL;
}

/* The commit of a ref: remotes advertise that of an annotated tag as "<name>^{}". */
static void choose(const struct repo_ref *refs, size_t count, const struct repo_ref *ref,
                   struct repo_choice *choice)
{
	AUTOFREE char *peeled_name = str_format("%s^{}", ref->name);
	const struct repo_ref *peeled = find(refs, count, "", peeled_name);
	choice->name = mem_strdup(ref->name);
	choice->id = *ref->id;
	choice->commit = peeled ? *peeled->id : *ref->id;
}

struct near_name {
	const char *name;
	size_t score;
};

static void keep_nearest(struct near_name best[SUGGESTIONS], const char *name, size_t score)
{
	struct near_name item = { name, score };
	for (size_t i = 0; i < SUGGESTIONS; i++) {
		if (best[i].name && str_equal(best[i].name, name))
			return;
		if (best[i].name && best[i].score <= item.score)
			continue;
		struct near_name moved = best[i];
		best[i] = item;
		item = moved;
	}
}

static err *not_found(const struct repo_ref *refs, size_t count, const char *ref,
                      const char *display)
{
	struct near_name best[SUGGESTIONS] = { { NULL, 0 } };
	size_t limit = MAX(strlen(ref) / 3, (size_t)1);
	for (size_t i = 0; i < count; i++) {
		const char *name = repo_short_ref(refs[i].name);
		if (!name || str_ends(name, "^{}"))
			continue;
		size_t score = strstr(name, ref) || strstr(ref, name)
		                       ? 1
		                       : suggest_distance(name, ref, limit);
		if (score <= limit)
			keep_nearest(best, name, score);
	}

	err *e = err_new(ERR_NOT_FOUND, "no branch, tag or commit '%s' in '%s'", ref, display);
	if (!best[0].name)
		return e;
	AUTO(str) names = STR_INIT;
	for (size_t i = 0; i < SUGGESTIONS && best[i].name; i++)
		str_addf(&names, "%s'%s'", i ? ", " : "", best[i].name);
	return err_hint(e, "did you mean %s?", names.ptr);
}

static err *choose_head(const struct repo_ref *refs, size_t count, const char *display,
                        struct repo_choice *choice)
{
	const struct repo_ref *head = find(refs, count, "", "HEAD");
	if (!head)
		return err_hint(
			err_new(ERR_NOT_FOUND, "'%s' has no default branch with a commit", display),
			count ? "name a branch with '?ref='" : "the repository is empty");
	choose(refs, count, head, choice);
	if (head->target) {
		mem_free(choice->name);
		choice->name = mem_strdup(head->target);
	}
	return NULL;
}

/* A commit id: the tip it belongs to when one is advertised, else to be looked up later. */
static err *choose_id(const struct repo_ref *refs, size_t count, const char *ref,
                      const char *display, struct repo_choice *choice)
{
	const git_oid *found = NULL;
	git_oid id;
	if (repo_is_full_id(ref)) {
		if (git_oid_fromstr(&id, ref) < 0)
			return err_new(ERR_INVALID, "'%s' is not a commit id", ref);
		found = &id;
	}
	for (size_t i = 0; i < count && !repo_is_full_id(ref); i++) {
		char text[GIT_OID_SHA1_HEXSIZE + 1];
		git_oid_tostr(text, sizeof text, refs[i].id);
		if (strncmp(text, ref, strlen(ref)) != 0)
			continue;
		if (found && !git_oid_equal(found, refs[i].id))
			return err_new(ERR_INVALID,
			               "'%s' is the beginning of several commits in '%s'", ref,
			               display);
		found = refs[i].id;
	}
	choice->is_prefix = !found;
	if (found)
		choice->id = choice->commit = *found;
	return NULL;
}

err *repo_choose(const struct repo_ref *refs, size_t count, const char *ref, const char *display,
                 struct repo_choice *ret_choice)
{
	struct repo_choice choice = { 0 };
	if (!ref || str_equal(ref, "HEAD")) {
		TRY(choose_head(refs, count, display, &choice));
		*ret_choice = choice;
		return NULL;
	}
	const struct repo_ref *exact = str_starts(ref, "refs/") ? find(refs, count, "", ref) : NULL;
	const struct repo_ref *branch = find(refs, count, "refs/heads/", ref);
	const struct repo_ref *tag = find(refs, count, "refs/tags/", ref);
	const struct repo_ref *tracked = find(refs, count, "refs/remotes/origin/", ref);
	if (branch && tag)
		return err_hint(
			err_new(ERR_INVALID, "'%s' is a branch and a tag in '%s'", ref, display),
			"say '?ref=refs/heads/%s' or '?ref=refs/tags/%s'", ref, ref);
	const struct repo_ref *found = exact ? exact : branch ? branch : tag ? tag : tracked;
	if (found)
		choose(refs, count, found, &choice);
	else if (repo_is_short_id(ref))
		TRY(choose_id(refs, count, ref, display, &choice));
	else
		return not_found(refs, count, ref, display);
	*ret_choice = choice;
	return NULL;
}
