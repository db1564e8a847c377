#include "test.h"

#include "crypto/deflate.h"
#include "inventory/inventory.h"
#include "kube/kube_private.h"
#include "target_kube/health.h"
#include "target_kube/state.h"
#include "json/json.h"

static struct val *read(struct arena *a, const char *text)
{
	struct val *root = NULL;
	err_ignore(json_read(text, strlen(text), "test", a, &root), "the checks see it");
	return root;
}

TEST(kube_client, paths_and_queries_are_escaped)
{
	const struct kube_resource deployment = { .group = "apps", .version = "v1", .plural = "deployments",
		                                  .is_namespaced = true };
	const struct kube_resource role = { .group = "", .version = "v1", .plural = "nodes" };
	AUTO(str) path = STR_INIT;
	kube_resource_path(&deployment, "shop", "api", &path);
	CHECK_STR(path.ptr, "/apis/apps/v1/namespaces/shop/deployments/api");
	kube_query_add(&path, "labelSelector", "a=b,c");
	kube_query_add(&path, "limit", "5");
	CHECK_HAS(path.ptr, "?labelSelector=a%3Db%2Cc&limit=5");
	str_reset(&path);
	kube_resource_path(&role, "ignored", "system:x", &path);
	CHECK_STR(path.ptr, "/api/v1/nodes/system:x");
}

TEST(kube_client, a_status_is_taken_apart_and_text_is_kept)
{
	struct arena a = ARENA_INIT;
	struct kube_status status;
	struct kube_response response = { .status = 404 };
	str_addz(&response.body, "404 page not found\n");
	kube_status_parse(&response, &a, &status);
	CHECK_STR(status.message, "404 page not found");
	CHECK_STR(status.details_kind, "");
	CHECK_ERR(kube_status_error(&status, "what"), ERR_NOT_FOUND, "what: 404 page not found");
	str_reset(&response.body);
	str_addz(&response.body, "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"m\",\"details\":{\"kind\":\"x\","
	                         "\"causes\":[{\"reason\":\"R\",\"field\":\".f\"}]}}");
	response.status = 409;
	kube_status_parse(&response, &a, &status);
	CHECK_STR(status.reason, "Conflict");
	CHECK_INT(status.cause_count, 1);
	CHECK_STR(status.causes[0].field, ".f");
	CHECK_STR(status.causes[0].message, "");
	kube_response_clear(&response);
	arena_clear(&a);
}

static enum kube_line line(const char *text)
{
	struct arena a = ARENA_INIT;
	enum kube_event event;
	const struct val *item;
	enum kube_line what = kube_watch_line(view_of(text), &a, &event, &item);
	arena_clear(&a);
	return what;
}

TEST(kube_client, lines_of_a_watch)
{
	CHECK_INT(line("{\"type\":\"ADDED\",\"object\":{}}"), KUBE_LINE_EVENT);
	CHECK_INT(line("{\"type\":\"BOOKMARK\",\"object\":{}}"), KUBE_LINE_BOOKMARK);
	CHECK_INT(line("{\"type\":\"ERROR\",\"object\":{\"code\":410}}"), KUBE_LINE_GONE);
	CHECK_INT(line("{\"type\":\"ERROR\",\"object\":{\"code\":500}}"), KUBE_LINE_ERROR);
	CHECK_INT(line("{\"type\":\"NEW\",\"object\":{}}"), KUBE_LINE_BAD);
	CHECK_INT(line("{\"type\":\"ADDED\""), KUBE_LINE_BAD);
	CHECK_INT(line("[]"), KUBE_LINE_BAD);
}

TEST(kube_client, a_storm_halves_what_is_allowed_once)
{
	struct kube_limiter limiter;
	kube_limiter_init(&limiter);
	unsigned before = limiter.allowed;
	for (int i = 0; i < 3; i++)
		kube_limiter_enter(&limiter);
	for (int i = 0; i < 3; i++)
		kube_limiter_leave(&limiter, 1000, true);
	CHECK_INT(limiter.allowed, before / 2);
	CHECK_INT(limiter.in_flight, 0);
	kube_limiter_clear(&limiter);
}

/* --- readiness --- */

static const char *health(const char *text, int64_t generation)
{
	struct arena a = ARENA_INIT;
	struct health_options options = { .min_generation = generation };
	struct health result;
	health_of(read(&a, text), &options, &result);
	arena_clear(&a);
	return health_state_name(result.state);
}

TEST(kube_health, only_the_generation_that_was_written_counts)
{
#define ROLLED_OUT                                                                                 \
	"\"spec\":{\"replicas\":1,\"progressDeadlineSeconds\":600},\"status\":{\"observedGeneration\":2,"  \
	"\"replicas\":1,\"updatedReplicas\":1,\"readyReplicas\":1,\"availableReplicas\":1,\"conditions\":[{" \
	"\"type\":\"Available\",\"status\":\"True\"},{\"type\":\"Progressing\",\"status\":\"True\","        \
	"\"reason\":\"NewReplicaSetAvailable\"}]}}"
	CHECK_STR(health("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"generation\":2}," ROLLED_OUT, 2),
	          "ready");
	CHECK_STR(health("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"generation\":3}," ROLLED_OUT, 3),
	          "in progress");
	CHECK_STR(health("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"generation\":2}," ROLLED_OUT, 3),
	          "in progress");
}

TEST(kube_health, kinds_and_conditions)
{
	CHECK_STR(health("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{}}", 0), "ready");
	CHECK_STR(health("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"deletionTimestamp\":\"x\"}}", 0),
	          "terminating");
	CHECK_STR(health("{\"apiVersion\":\"x/v1\",\"kind\":\"Y\",\"status\":{\"conditions\":[{\"type\":\"Ready\","
	                 "\"status\":\"False\"}]}}", 0), "in progress");
	CHECK_STR(health("{\"apiVersion\":\"x/v1\",\"kind\":\"Y\",\"status\":{\"conditions\":[{\"type\":\"Stalled\","
	                 "\"status\":\"True\"}]}}", 0), "failed");
	CHECK_STR(health("{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"status\":{\"startTime\":\"x\"}}", 0), "in progress");
	CHECK_STR(health("{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"status\":{\"conditions\":[{\"type\":\"Failed\","
	                 "\"status\":\"True\"}]}}", 0), "failed");
	CHECK_STR(health("{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\",\"status\":{\"phase\":\"Bound\"}}", 0),
	          "ready");
	CHECK_STR(health("{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\"}", 0),
	          "in progress");
}

TEST(kube_health, why_a_pod_does_not_start)
{
	struct arena a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	const char *container;
	CHECK(health_pod_trouble(read(&a, "{\"status\":{\"phase\":\"Pending\",\"containerStatuses\":[{\"name\":\"app\","
	                                  "\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"no\"}}}]}}"),
	                         0, &text, &container));
	CHECK_STR(text.ptr, "container app: ImagePullBackOff: no");
	CHECK_STR(container, "app");
	str_reset(&text);
	CHECK(!health_pod_trouble(read(&a, "{\"status\":{\"phase\":\"Pending\",\"containerStatuses\":[{\"name\":\"app\","
	                                   "\"state\":{\"waiting\":{\"reason\":\"ContainerCreating\"}}}]}}"),
	                          0, &text, &container));
	arena_clear(&a);
}

/* --- records --- */

TEST(kube_state, names_that_look_alike_differ)
{
	static const char *const names[] = { "shop/dev", "shop-dev", "shop.dev", "Shop/dev" };
	struct str texts[ARRAY_LEN(names)] = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		kube_state_parent(names[i], &texts[i]);
		CHECK(texts[i].len <= 63);
		for (size_t k = 0; k < i; k++)
			CHECK(!str_equal(texts[i].ptr, texts[k].ptr));
	}
	CHECK_STR(texts[1].ptr, "fettle-shop-dev");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		str_clear(&texts[i]);
}

TEST(kube_state, records_survive_as_an_image)
{
	struct inv *inv;
	struct inv_project *project;
	struct inv_run *run;
	AUTO(str) image = STR_INIT;
	const struct inv_run_info info = { .command = "apply", .source = "x" };
	const struct inv_item item = { .key = "/ConfigMap/a/b", .location = "/l", .action = INV_CREATE,
		                       .manifest = { "{}", 2 } };
	CHECK_OK(inv_open_image((struct view){ NULL, 0 }, "test", INV_READ_WRITE, &inv));
	CHECK_OK(inv_project(inv, "p", "t", &project));
	CHECK_OK(inv_run_begin(project, &info, &item, 1, &run));
	CHECK_OK(inv_run_result(run, 0, &(struct inv_outcome_info){ .outcome = INV_DONE, .uid = "u" }));
	CHECK_OK(inv_run_finish(run, INV_OK, NULL));
	inv_run_free(run);
	CHECK_OK(inv_image(inv, &image));
	inv_project_free(project);
	inv_free(inv);

	struct arena arena = ARENA_INIT;
	struct inv_object_list list;
	CHECK_OK(inv_open_image(view_str(&image), "test", INV_READ_ONLY, &inv));
	CHECK_OK(inv_project(inv, "p", "t", &project));
	CHECK_OK(inv_objects(project, &arena, &list));
	CHECK_INT(list.len, 1);
	CHECK_STR(list.ptr[0].uid, "u");
	arena_clear(&arena);
	inv_project_free(project);
	inv_free(inv);
	CHECK_ERR(inv_open_image(view_of("this is no database at all, but long enough for a header of one, "
	                                 "which has a hundred bytes or so in any version of it....."),
	                         "test", INV_READ_ONLY, &inv), ERR_CORRUPT, "test");
}

TEST(crypto_deflate, round_trip_and_limits)
{
	AUTO(str) plain = STR_INIT;
	AUTO(str) packed = STR_INIT;
	AUTO(str) back = STR_INIT;
	for (int i = 0; i < 50000; i++)
		str_addf(&plain, "%d ", i % 97);
	CHECK_OK(deflate_add(&packed, view_str(&plain)));
	CHECK(packed.len < plain.len / 10);
	CHECK_OK(inflate_add(&back, view_str(&packed), plain.len));
	CHECK_STR(back.ptr, plain.ptr);
	str_reset(&back);
	CHECK_ERR(inflate_add(&back, view_str(&packed), plain.len - 1), ERR_LIMIT, "more than");
	str_reset(&back);
	CHECK_ERR(inflate_add(&back, (struct view){ packed.ptr, packed.len / 2 }, plain.len), ERR_CORRUPT,
	          "damaged");
	str_reset(&back);
	CHECK_ERR(inflate_add(&back, view_of("no"), 10), ERR_CORRUPT, "damaged");
}
