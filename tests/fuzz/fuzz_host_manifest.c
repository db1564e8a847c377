/*
 * Manifests of the host target: whatever a repository holds, compiling, linking and comparing must
 * end with a plan or an error with a place, inside the root. Nothing is applied, and no programs of
 * a manifest are run: sets with a Command are only compiled.
 */
#include "base/base.h"

#include "pal/fs.h"
#include "target/target.h"
#include "target_host/host.h"
#include "yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err *read_source(void *context, const struct object *object, const char *reference,
                        size_t limit, struct str *ret_text)
{
	(void)context;
	(void)object;
	(void)limit;
	str_addz(ret_text, reference);
	return NULL;
}

static struct target *open_target(const struct target_context *context)
{
	AUTO(str) root = STR_INIT;
	struct target *target = NULL;
	struct host_options options = { 0 };
	err *e = fs_mkdtemp("fettle-fuzz-", &root);
	options.root = root.ptr;
	if (!e)
		e = host_open(&options, context, &target);
	if (e)
		abort();
	/* An open root stays usable; nothing is left behind when the fuzzer is killed. */
	err_ignore(fs_remove(root.ptr), "only tidiness");
	return target;
}

static err *load(struct target *target, struct object_set *set, struct arena *arena,
                 const uint8_t *data, size_t size)
{
	struct yaml_docs docs;
	TRY(yaml_load((const char *)data, size, "fuzz.yaml", arena, &docs));
	for (size_t i = 0; i < docs.len; i++)
		TRY(object_set_add(set, docs.ptr[i].root, "fuzz.yaml"));
	for (size_t i = 0; i < set->len; i++)
		TRY(target->ops->compile(target, set, set->items[i]));
	TRY(target->ops->link(target, set));
	return object_set_order(set);
}

static bool is_safe_to_compare(const struct object_set *set)
{
	for (size_t i = 0; i < set->len; i++)
		if (str_equal(set->items[i]->kind, "Command") ||
		    str_equal(set->items[i]->kind, "Unit"))
			return false;
	return true;
}

static void compare(struct target *target, const struct object_set *set)
{
	for (size_t i = 0; i < set->len; i++) {
		struct object *object = set->items[i];
		struct plan_item item = { .object = object,
			                  .key = object->key,
			                  .display = object->display,
			                  .is_sensitive = object->is_sensitive };
		AUTO(str) text = STR_INIT;
		err_free(target->ops->plan(target, object, NULL, TARGET_WANT_FINGERPRINTS, &item));
		err_free(target->ops->snapshot(target, object, &text));
		plan_item_clear(&item);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char tag_key[32] = { 1 };
	static const struct target_context context = { .read_source = read_source,
		                                       .tag_key = tag_key };
	static struct target *target;
	if (!target)
		target = open_target(&context);
	AUTO(arena) arena = ARENA_INIT;
	AUTO(object_set) set;
	object_set_init(&set);
	err *e = load(target, &set, &arena, data, size);
	if (!e && is_safe_to_compare(&set))
		compare(target, &set);
	err_free(e);
	return 0;
}
