/*
 * Three versions of a document (format of the first byte; versions apart by lines "%%"): the merge ends
 * with a document or an error, what comes out opens and its MAC fits, and where only one side changed
 * anything, there is no conflict and its values come out.
 */
#include "sops_sealed.h"

#include "git/git.h"
#include "vault/sops_merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct version {
	struct str sealed;
	struct secret key;
	struct sops_doc *doc;
};

static void version_clear(struct version *version)
{
	str_clear(&version->sealed);
	secret_clear(&version->key);
	sops_doc_free(version->doc);
}

static err *make(enum sops_format format, struct view plain, const struct version *base,
                 struct version *ret)
{
	TRY(sealed_text(format, plain, base ? base->doc : NULL, base ? &base->key : NULL, &ret->key,
	                &ret->sealed));
	if (base && !ret->key.len)
		TRY(secret_copy(&ret->key, base->key.ptr, base->key.len));
	return sealed_open(format, &ret->sealed, &ret->key, &ret->doc);
}

static struct sops_side side(const struct version *version)
{
	return (struct sops_side){ version->doc, &version->key };
}

static err *add_value(void *data, size_t document, const char *path, enum sops_type type,
                      bool is_encrypted, struct view plain)
{
	strs_push_take(data, str_format("%zu %s %d %d %.*s", document, path, (int)type,
	                                is_encrypted, (int)plain.len, plain.ptr));
	return NULL;
}

/* The merge of three versions, as a list of its values; what does not open is a bug. */
static err *merge(enum sops_format format, const struct version *base, const struct version *ours,
                  const struct version *theirs, struct strs *conflicts, struct strs *ret_values)
{
	AUTO(secret) key = SECRET_INIT;
	AUTO(str) text = STR_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	const struct sops_keyring keyring = { &key, NULL, sealed_wrap, NULL };
	const struct sops_merge in = { .base = side(base),
		                       .ours = side(ours),
		                       .theirs = side(theirs),
		                       .keyring = &keyring,
		                       .now = "2026-01-02T00:00:00Z",
		                       .merge_lines = repo_merge_text };
	TRY(sops_merge(&in, &text, conflicts));
	err *e = sealed_open(format, &text, key.len ? &key : &ours->key, &doc);
	if (!e)
		e = sops_each(doc, add_value, ret_values);
	if (e)
		abort();
	return NULL;
}

/* In any order: a new name may come to stand behind the others. */
static bool same(struct strs *a, struct strs *b)
{
	bool is_same = a->len == b->len;
	strs_sort(a);
	strs_sort(b);
	for (size_t i = 0; i < a->len && is_same; i++)
		is_same = str_equal(a->ptr[i], b->ptr[i]);
	return is_same;
}

static void check_one_sided(enum sops_format format, const struct version *base,
                            const struct version *theirs)
{
	AUTO(strs) conflicts = STRS_INIT;
	AUTO(strs) merged = STRS_INIT;
	AUTO(strs) wanted = STRS_INIT;
	err *e = merge(format, base, base, theirs, &conflicts, &merged);
	if (!e)
		e = sops_each(theirs->doc, add_value, &wanted);
	/* In dotenv and INI a name may stand twice, and then nothing is merged. */
	bool may_conflict = format == SOPS_DOTENV || format == SOPS_INI;
	if (e || (conflicts.len && !may_conflict) || (!conflicts.len && !same(&merged, &wanted)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(version) base = { STR_INIT, SECRET_INIT, NULL };
	AUTO(version) ours = { STR_INIT, SECRET_INIT, NULL };
	AUTO(version) theirs = { STR_INIT, SECRET_INIT, NULL };
	AUTO(strs) conflicts = STRS_INIT;
	AUTO(strs) values = STRS_INIT;
	struct view parts[3];
	if (size < 2)
		return 0;
	enum sops_format format = (enum sops_format)(data[0] % 4);
	struct view rest = { (const char *)data + 1, size - 1 };
	for (size_t i = 0; i < 3; i++) {
		const char *end =
			i < 2 && rest.len ? memmem(rest.ptr, rest.len, "\n%%\n", 4) : NULL;
		parts[i] = (struct view){ rest.ptr, end ? (size_t)(end - rest.ptr) + 1 : rest.len };
		if (!end && i < 2)
			return 0;
		size_t used = parts[i].len + (end ? 3 : 0);
		rest = (struct view){ rest.ptr + used, rest.len - used };
	}
	err *e = make(format, parts[0], NULL, &base);
	if (!e)
		e = make(format, parts[1], &base, &ours);
	if (!e)
		e = make(format, parts[2], &base, &theirs);
	if (!e) {
		check_one_sided(format, &base, &theirs);
		e = merge(format, &base, &ours, &theirs, &conflicts, &values);
	}
	err_free(e);
	return 0;
}
