#include "test.h"

#include "target/object.h"
#include "yaml/yaml.h"

struct fixture {
	struct arena arena;
	struct object_set set;
};

static err *load(struct fixture *f, const char *text)
{
	struct yaml_docs docs;
	arena_init(&f->arena);
	object_set_init(&f->set);
	TRY(yaml_load(text, strlen(text), "t.yaml", &f->arena, &docs));
	for (size_t i = 0; i < docs.len; i++)
		TRY(object_set_add(&f->set, docs.ptr[i].root, "t.yaml"));
	return NULL;
}

static void fixture_clear(struct fixture *f)
{
	object_set_clear(&f->set);
	arena_clear(&f->arena);
}

#define OBJECT(kind, name, extra)                                                                  \
	"---\napiVersion: host.fettle.dev/v1\nkind: " kind "\nmetadata:\n  name: " name "\n" extra
#define AFTER(list) "  annotations:\n    fettle.dev/depends-on: " list "\n"

TEST(target_object, identity_makes_key_and_display)
{
	AUTO(fixture) f;
	CHECK_OK(load(&f, "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\n"));
	CHECK_STR(f.set.items[0]->key, "/Secret/shop/db");
	CHECK_STR(f.set.items[0]->display, "Secret/shop/db");
	AUTO(str) display = STR_INIT;
	object_key_display("host.fettle.dev/File//motd", &display);
	CHECK_STR(display.ptr, "File/motd");
}

TEST(target_object, missing_identity_is_placed)
{
	AUTO(fixture) f;
	CHECK_ERR(load(&f, "kind: File\nmetadata: {name: a}\n"), ERR_INVALID, "apiVersion");
	fixture_clear(&f);
	CHECK_ERR(load(&f, "apiVersion: v1\nkind: File\nmetadata: {name: a/b}\n"), ERR_INVALID, "'/'");
	fixture_clear(&f);
	CHECK_ERR(load(&f, "- a\n"), ERR_INVALID, "a list");
	fixture_clear(&f);
	CHECK_ERR(load(&f, "apiVersion: v1\nkind: C\nmetadata: {name: a, annotations: {x: 1}}\n"),
	          ERR_INVALID, "annotations");
}

TEST(target_object, duplicates_name_both_places)
{
	AUTO(fixture) f;
	CHECK_ERR(load(&f, OBJECT("File", "a", "") OBJECT("File", "a", "")), ERR_INVALID,
	          "t.yaml:3");
}

TEST(target_object, lists_are_unfolded)
{
	AUTO(fixture) f;
	CHECK_OK(load(&f, "apiVersion: v1\nkind: List\nitems:\n"
	                  "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
	                  "- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"));
	CHECK_INT(f.set.len, 2);
}

TEST(target_object, annotations_become_edges)
{
	AUTO(fixture) f;
	CHECK_OK(load(&f, OBJECT("File", "a", AFTER("File/b, host.fettle.dev/File/c"))
	                  OBJECT("File", "b", "") OBJECT("File", "c", "")));
	CHECK_OK(object_set_order(&f.set));
	CHECK_INT(f.set.items[0]->edge_count, 2);
	CHECK(f.set.items[0]->edges[1].to == f.set.items[2]);
}

TEST(target_object, unknown_reference_has_did_you_mean)
{
	AUTO(fixture) f;
	CHECK_OK(load(&f, OBJECT("File", "a", AFTER("File/motf")) OBJECT("File", "motd", "")));
	CHECK_ERR(object_set_order(&f.set), ERR_INVALID, "did you mean 'File/motd'");
}

TEST(target_object, cycle_names_its_members)
{
	AUTO(fixture) f;
	CHECK_OK(load(&f, OBJECT("File", "x", AFTER("File/a")) OBJECT("File", "a", AFTER("File/b"))
	                  OBJECT("File", "b", AFTER("File/a"))));
	CHECK_ERR(object_set_order(&f.set), ERR_INVALID, "File/b -> File/a -> File/b");
}

TEST(target_object, long_chains_need_no_recursion)
{
	AUTO(str) text = STR_INIT;
	for (int i = 0; i < 20000; i++)
		str_addf(&text, OBJECT("File", "n%d", AFTER("File/n%d")), i, i + 1);
	str_addz(&text, OBJECT("File", "n20000", ""));
	AUTO(fixture) f;
	CHECK_OK(load(&f, text.ptr));
	CHECK_OK(object_set_order(&f.set));
}
