#include "test.h"

#include "json/json.h"
#include "target_kube/applyset.h"
#include "target_kube/conflict.h"
#include "target_kube/fields.h"

static struct val *read(struct arena *a, const char *text)
{
	struct val *root = NULL;
	err_ignore(json_read(text, strlen(text), "test", a, &root), "the checks see it");
	return root;
}

#define OURS "\"manager\":\"fettle\",\"operation\":\"Apply\",\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\""
#define LIVE(fields, rest)                                                                         \
	"{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"x\",\"managedFields\":[{" OURS   \
	",\"fieldsV1\":{" fields "}}]}" rest "}"
#define BODY(rest) "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"x\"}" rest "}"

/* Is it proved, or why not? */
static const char *why(const char *body, const char *live)
{
	struct arena a = ARENA_INIT;
	const char *doubt = NULL;
	bool is_proved = fields_prove_unchanged(read(&a, body), read(&a, live), &doubt);
	arena_clear(&a);
	return is_proved ? "proved" : doubt;
}

#define META "\"f:metadata\":{}"

TEST(kube_fields, a_map_is_proved_when_ours_and_equal)
{
	CHECK_STR(why(BODY(",\"data\":{\"a\":\"1\"}"),
	              LIVE("\"f:data\":{\".\":{},\"f:a\":{}}", ",\"data\":{\"a\":\"1\",\"b\":\"2\"}")),
	          "proved");
	CHECK_STR(why(BODY(",\"data\":{\"a\":\"1\"}"),
	              LIVE("\"f:data\":{\"f:a\":{}}", ",\"data\":{\"a\":\"2\"}")), "a value differs");
	CHECK_STR(why(BODY(",\"data\":{\"a\":\"1\",\"b\":\"2\"}"),
	              LIVE("\"f:data\":{\"f:a\":{}}", ",\"data\":{\"a\":\"1\",\"b\":\"2\"}")),
	          "we own another number of fields");
	CHECK_STR(why(BODY(",\"data\":{\"b\":\"2\"}"),
	              LIVE("\"f:data\":{\"f:a\":{}}", ",\"data\":{\"a\":\"1\",\"b\":\"2\"}")),
	          "a field is not ours yet");
	CHECK_STR(why(BODY(""), LIVE("\"f:data\":{\"f:a\":{}}", ",\"data\":{\"a\":\"1\"}")),
	          "we own more fields");
}

TEST(kube_fields, every_doubt_is_no_proof)
{
	CHECK_STR(why(BODY(",\"data\":{\"a\":null}"),
	              LIVE("\"f:data\":{\"f:a\":{}}", ",\"data\":{\"a\":\"1\"}")), "a null");
	CHECK_STR(why(BODY(",\"n\":1"), LIVE("\"f:n\":{}", ",\"n\":\"1\"")), "a value of another type");
	CHECK_STR(why(BODY(",\"q\":\"1000m\""), LIVE("\"f:q\":{}", ",\"q\":\"1\"")), "a value differs");
	CHECK_STR(why(BODY(",\"status\":{}"), LIVE("\"f:status\":{}", ",\"status\":{}")), "a status");
	CHECK_STR(why(BODY(""), "{\"apiVersion\":\"v1\",\"metadata\":{}}"), "not applied by us yet");
	CHECK_STR(why("{\"apiVersion\":\"v2\",\"kind\":\"X\",\"metadata\":{}}", LIVE("", "")),
	          "applied in another version");
	CHECK_STR(why(BODY(""), "{\"apiVersion\":\"v1\",\"metadata\":{\"managedFields\":[{" OURS "},{" OURS
	                        "}]}}"), "two entries of ours");
}

#define PORTS(p) ",\"ports\":[" p "]"
#define PORT_80 "\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:port\":{}}"
#define PORT_90 "\"k:{\\\"port\\\":90,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},\"f:port\":{}}"

TEST(kube_fields, items_are_matched_by_the_keys_that_are_written)
{
	const char *live = LIVE("\"f:ports\":{" PORT_80 "," PORT_90 "}",
	                        PORTS("{\"port\":80,\"protocol\":\"TCP\",\"nodePort\":3},"
	                              "{\"port\":90,\"protocol\":\"TCP\"}"));
	CHECK_STR(why(BODY(PORTS("{\"port\":80},{\"port\":90}")), live), "proved");
	CHECK_STR(why(BODY(PORTS("{\"port\":90},{\"port\":80}")), live), "items in another order");
	CHECK_STR(why(BODY(PORTS("{\"port\":80},{\"port\":91}")), live), "an item is missing or ambiguous");
	CHECK_STR(why(BODY(PORTS("{\"port\":80},{\"port\":80,\"protocol\":\"UDP\"}")), live),
	          "an item is missing or ambiguous");
	CHECK_STR(why(BODY(PORTS("{\"port\":80}")), live), "we own another number of items");
}

TEST(kube_fields, sets_and_parts_replaced_as_a_whole)
{
	const char *set = LIVE("\"f:s\":{\"v:\\\"a\\\"\":{},\"v:\\\"b\\\"\":{}}", ",\"s\":[\"a\",\"z\",\"b\"]");
	CHECK_STR(why(BODY(",\"s\":[\"a\",\"b\"]"), set), "proved");
	CHECK_STR(why(BODY(",\"s\":[\"b\",\"a\"]"), set), "items in another order");
	CHECK_STR(why(BODY(",\"s\":[\"a\",\"a\"]"), set), "a member twice");
	const char *atomic = LIVE("\"f:l\":{}", ",\"l\":[1,2]");
	CHECK_STR(why(BODY(",\"l\":[1,2]"), atomic), "proved");
	CHECK_STR(why(BODY(",\"l\":[2,1]"), atomic), "a value differs");
	CHECK_STR(why(BODY(",\"l\":[1]"), atomic), "a value differs");
	CHECK_STR(why(BODY(",\"e\":{}"), LIVE("\"f:e\":{}", ",\"e\":{}")), "proved");
	CHECK_STR(why(BODY(",\"e\":{}"), LIVE("\"f:e\":{\".\":{}}", ",\"e\":{\"x\":1}")), "proved");
}

TEST(kube_fields, metadata_counts_but_not_what_the_server_keeps)
{
	const char *body = "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"x\",\"namespace\":\"n\","
			   "\"labels\":{\"a\":\"1\"}}}";
	CHECK_STR(why(body, "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"x\",\"namespace\":\"n\","
	                    "\"labels\":{\"a\":\"1\"},\"managedFields\":[{" OURS
	                    ",\"fieldsV1\":{\"f:metadata\":{\"f:labels\":{\"f:a\":{}}}}}]}}"), "proved");
	CHECK_STR(why(body, "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"x\","
	                    "\"labels\":{\"a\":\"1\"},\"annotations\":{\"b\":\"2\"},\"managedFields\":[{" OURS
	                    ",\"fieldsV1\":{\"f:metadata\":{\"f:annotations\":{\"f:b\":{}},"
	                    "\"f:labels\":{\"f:a\":{}}}}}]}}"), "we own more of the metadata");
}

TEST(kube_fields, owners_of_a_path)
{
	struct arena a = ARENA_INIT;
	struct field_owner owners[2];
	const struct val *live = read(&a, LIVE("\"f:spec\":{\"f:c\":{\"k:{\\\"name\\\":\\\"app\\\"}\":{\"f:image\":{}}}}", ""));
	CHECK_INT(fields_owners(live, "spec.c[name=\"app\"].image", owners, 2), 1);
	CHECK_STR(owners[0].manager, "fettle");
	CHECK_INT(fields_owners(live, "spec.c[name=\"web\"].image", owners, 2), 0);
	CHECK_INT(fields_owners(live, "spec.replicas", owners, 2), 0);
	CHECK_INT(fields_owners(live, "", owners, 2), 1);
	arena_clear(&a);
}

TEST(kube_fields, prediction_sets_ours_and_drops_what_we_gave_up)
{
	struct arena a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	const struct val *live = read(&a, LIVE("\"f:data\":{\"f:a\":{},\"f:gone\":{}}",
	                                       ",\"data\":{\"a\":\"1\",\"gone\":\"x\",\"theirs\":\"y\"}"));
	struct val *next = fields_predict(&a, read(&a, BODY(",\"data\":{\"a\":\"2\"}")), live);
	json_write(val_get(next, "data"), JSON_SORTED, &text);
	CHECK_STR(text.ptr, "{\"a\":\"2\",\"theirs\":\"y\"}");
	arena_clear(&a);
}

TEST(kube_fields, the_text_of_what_we_own_follows_only_that)
{
	struct arena a = ARENA_INIT;
	AUTO(str) one = STR_INIT;
	AUTO(str) two = STR_INIT;
	AUTO(str) three = STR_INIT;
	fields_owned_text(read(&a, LIVE("\"f:d\":{\"f:a\":{}}", ",\"d\":{\"a\":\"1\",\"b\":\"1\"}")), &one);
	fields_owned_text(read(&a, LIVE("\"f:d\":{\"f:a\":{}}", ",\"d\":{\"a\":\"1\",\"b\":\"2\"}")), &two);
	fields_owned_text(read(&a, LIVE("\"f:d\":{\"f:a\":{}}", ",\"d\":{\"b\":\"2\"}")), &three);
	CHECK_STR(one.ptr, two.ptr);
	CHECK(!str_equal(two.ptr, three.ptr));
	arena_clear(&a);
}

/* --- ApplySet --- */

TEST(kube_applyset, the_id_is_kubectls)
{
	AUTO(str) id = STR_INIT;
	applyset_id("my-set", "test", "Secret", "", &id);
	CHECK_STR(id.ptr, "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1");
}

TEST(kube_applyset, lists_are_sorted_and_without_twins)
{
	static const char *const keys[] = { "apps/Deployment/b/x", "/ConfigMap/a/y", "/ConfigMap/b/z",
		                            "/Namespace//b" };
	AUTO(str) kinds = STR_INIT;
	AUTO(str) spaces = STR_INIT;
	applyset_group_kinds(keys, ARRAY_LEN(keys), &kinds);
	applyset_namespaces(keys, ARRAY_LEN(keys), "a", &spaces);
	CHECK_STR(kinds.ptr, "ConfigMap,Deployment.apps,Namespace");
	CHECK_STR(spaces.ptr, "b");
}

TEST(kube_applyset, marks_of_others)
{
	struct arena a = ARENA_INIT;
	AUTO(str) owner = STR_INIT;
	CHECK_STR(applyset_keep_mark(read(&a, "{\"metadata\":{\"annotations\":{\"argocd.argoproj.io/sync-options\":"
	                                      "\"ServerSideApply=true, Prune=false\"}}}")),
	          "Argo CD's Prune=false");
	CHECK(!applyset_keep_mark(read(&a, "{\"metadata\":{\"annotations\":{\"helm.sh/resource-policy\":\"x\"}}}")));
	CHECK(applyset_other_owner(read(&a, "{\"metadata\":{\"annotations\":{\"meta.helm.sh/release-name\":\"web\","
	                                    "\"meta.helm.sh/release-namespace\":\"shop\"}}}"), "id", &owner));
	CHECK_STR(owner.ptr, "Helm release shop/web");
	str_reset(&owner);
	CHECK(!applyset_other_owner(read(&a, "{\"metadata\":{\"labels\":{\"applyset.kubernetes.io/part-of\":\"id\"}}}"),
	                            "id", &owner));
	arena_clear(&a);
}

/* --- what the server refuses --- */

TEST(kube_conflict, kinds_of_refusals_are_told_apart)
{
	const struct kube_cause fields[] = {
		{ "FieldManagerConflict", ".spec.replicas", "conflict with \"kubectl\" using apps/v1" } };
	const struct kube_cause fixed[] = { { "FieldValueInvalid", "spec.selector", "Invalid value: x: field is immutable" } };
	const struct kube_cause both[] = { { "FieldValueInvalid", "spec.selector", "field is immutable" },
		                           { "FieldValueRequired", "spec.x", "Required value" } };
	static const char *const take[] = { "spec", NULL }, *const other[] = { "spec.rep", NULL };
	struct kube_status status = { .code = 409, .causes = fields, .cause_count = 1 };
	CHECK(conflict_is_fields(&status));
	CHECK(conflict_is_covered(&status, take));
	CHECK(!conflict_is_covered(&status, other));
	CHECK(!conflict_is_covered(&status, NULL));
	CHECK(!conflict_is_immutable(&status));
	status = (struct kube_status){ .code = 409 };
	CHECK(!conflict_is_fields(&status));
	status = (struct kube_status){ .code = 422, .causes = fixed, .cause_count = 1 };
	CHECK(conflict_is_immutable(&status));
	status = (struct kube_status){ .code = 422, .causes = both, .cause_count = 2 };
	CHECK(!conflict_is_immutable(&status));
}
