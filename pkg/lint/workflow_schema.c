/* What a workflow and an action file may hold. */
#include "base/base.h"

#include "lint/workflow.h"

#include "schema/schema.h"

#define ANY(name_)                                \
	{                                         \
		.name = name_, .kind = SCHEMA_ANY \
	}

/* In place of a number, a list, a map: the whole value as one expression. */
static const char *refuse_text(const char *text, size_t len)
{
	size_t start = strspn(text, " \t\n");
	while (len > start && strchr(" \t\n", text[len - 1]))
		len--;
	bool is_one = len >= start + 5 && strncmp(text + start, "${{", 3) == 0 &&
	              strncmp(text + len - 2, "}}", 2) == 0;
	return is_one ? NULL : "";
}

static const char *refuse_id(const char *text, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char others[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789-";
	return len > 0 && strchr(letters, text[0]) && strspn(text, others) == len ? NULL : "";
}

static const struct schema_format id_format = {
	.expected = "a name of letters, digits, '-' and '_' that begins with a letter or '_'",
	.refuses = refuse_id,
};
static const struct schema_format expression_format = {
	.expected = "a value of its type or one ${{ }}",
	.refuses = refuse_text,
};
static const struct schema one_expression = { .kind = SCHEMA_STR, .format = &expression_format };
static const struct schema anything = { .kind = SCHEMA_ANY };

/* clang-format off */
#define NUMBER(name_) { .name = name_, .kind = SCHEMA_NUMBER, .also = &one_expression }
#define BOOLEAN(name_) { .name = name_, .kind = SCHEMA_BOOL, .also = &one_expression }
#define MAP(name_) { .name = name_, .kind = SCHEMA_MAP, .of = &anything, .also = &one_expression }

static const struct schema step_fields[] = {
	{ .name = "id", .kind = SCHEMA_STR, .format = &id_format },
	ANY("if"), ANY("name"), ANY("run"), ANY("uses"), ANY("shell"), ANY("working-directory"),
	MAP("with"), MAP("env"), BOOLEAN("continue-on-error"), NUMBER("timeout-minutes"),
	SCHEMA_END
};
static const struct schema_group step_groups[] = {
	{ SCHEMA_EXACTLY_ONE, (const char *const[]){ "run", "uses", NULL } },
	SCHEMA_GROUP_END
};
static const struct schema step = { .kind = SCHEMA_OBJECT, .fields = step_fields,
	                            .groups = step_groups };

static const struct schema strategy_fields[] = {
	MAP("matrix"), BOOLEAN("fail-fast"), NUMBER("max-parallel"),
	SCHEMA_END
};

static const struct schema run_fields[] = { ANY("shell"), ANY("working-directory"), SCHEMA_END };
static const struct schema defaults_fields[] = {
	{ .name = "run", .kind = SCHEMA_OBJECT, .fields = run_fields },
	SCHEMA_END
};
#define DEFAULTS { .name = "defaults", .kind = SCHEMA_OBJECT, .fields = defaults_fields }

static const struct schema concurrency_fields[] = {
	{ .name = "group", .kind = SCHEMA_ANY, .required = true },
	BOOLEAN("cancel-in-progress"), ANY("queue"),
	SCHEMA_END
};
#define CONCURRENCY { .name = "concurrency", .kind = SCHEMA_OBJECT, .fields = concurrency_fields, \
	              .also = &(const struct schema){ .kind = SCHEMA_STR } }

static const struct schema environment_fields[] = {
	{ .name = "name", .kind = SCHEMA_ANY, .required = true },
	ANY("url"), ANY("deployment"),
	SCHEMA_END
};

static const struct schema credentials_fields[] = {
	{ .name = "username", .kind = SCHEMA_ANY, .required = true },
	{ .name = "password", .kind = SCHEMA_ANY, .required = true },
	SCHEMA_END
};
static const struct schema container_fields[] = {
	{ .name = "image", .kind = SCHEMA_ANY, .required = true },
	{ .name = "credentials", .kind = SCHEMA_OBJECT, .fields = credentials_fields,
	  .also = &one_expression },
	MAP("env"), ANY("ports"), ANY("volumes"), ANY("options"), ANY("entrypoint"), ANY("command"),
	SCHEMA_END
};
static const struct schema container = { .kind = SCHEMA_OBJECT, .fields = container_fields,
	                                 .also = &(const struct schema){ .kind = SCHEMA_STR } };

static const char *const read_only[] = { "read", "none", NULL };
static const char *const rights[] = { "read", "write", "none", NULL };
static const char *const write_only[] = { "write", "none", NULL };
#define SCOPE(name_) { .name = name_, .kind = SCHEMA_STR, .choices = rights }
static const struct schema permission_fields[] = {
	SCOPE("actions"), SCOPE("artifact-metadata"), SCOPE("attestations"), SCOPE("checks"),
	SCOPE("contents"), SCOPE("deployments"), SCOPE("discussions"),
	{ .name = "id-token", .kind = SCHEMA_STR, .choices = write_only },
	SCOPE("issues"),
	{ .name = "models", .kind = SCHEMA_STR, .choices = read_only },
	SCOPE("packages"), SCOPE("pages"), SCOPE("pull-requests"), SCOPE("repository-projects"),
	SCOPE("security-events"), SCOPE("statuses"),
	SCHEMA_END
};
#define PERMISSIONS { .name = "permissions", .kind = SCHEMA_OBJECT, .fields = permission_fields, \
	.also = &(const struct schema){ .kind = SCHEMA_STR, \
		.choices = (const char *const[]){ "read-all", "write-all", NULL } } }

static const struct schema name_list = { .kind = SCHEMA_LIST,
	                                 .of = &(const struct schema){ .kind = SCHEMA_STR } };

static const struct schema job_fields[] = {
	ANY("name"), PERMISSIONS,
	{ .name = "needs", .kind = SCHEMA_STR, .also = &name_list },
	ANY("if"), ANY("runs-on"), ANY("snapshot"),
	{ .name = "environment", .kind = SCHEMA_OBJECT, .fields = environment_fields,
	  .also = &(const struct schema){ .kind = SCHEMA_STR } },
	CONCURRENCY, MAP("outputs"), MAP("env"), DEFAULTS,
	{ .name = "steps", .kind = SCHEMA_LIST, .of = &step, .min_len = 1 },
	NUMBER("timeout-minutes"),
	{ .name = "strategy", .kind = SCHEMA_OBJECT, .fields = strategy_fields,
	  .also = &one_expression },
	BOOLEAN("continue-on-error"),
	{ .name = "container", .kind = SCHEMA_OBJECT, .fields = container_fields,
	  .also = &(const struct schema){ .kind = SCHEMA_STR } },
	{ .name = "services", .kind = SCHEMA_MAP, .of = &container, .also = &one_expression },
	{ .name = "uses", .kind = SCHEMA_STR },
	MAP("with"),
	{ .name = "secrets", .kind = SCHEMA_MAP, .of = &anything,
	  .also = &(const struct schema){ .kind = SCHEMA_STR,
	                                  .choices = (const char *const[]){ "inherit", NULL } } },
	SCHEMA_END
};
static const struct schema_group job_groups[] = {
	{ SCHEMA_EXACTLY_ONE, (const char *const[]){ "runs-on", "uses", NULL } },
	{ SCHEMA_REQUIRES, (const char *const[]){ "runs-on", "steps", NULL } },
	SCHEMA_GROUP_END
};
static const struct schema job = { .kind = SCHEMA_OBJECT, .fields = job_fields,
	                           .groups = job_groups };

static const struct schema workflow_fields[] = {
	ANY("name"), ANY("run-name"), ANY("on"), ANY("true"), PERMISSIONS, MAP("env"), DEFAULTS,
	CONCURRENCY,
	{ .name = "jobs", .kind = SCHEMA_MAP, .of = &job, .required = true, .min_len = 1,
	  .key_format = &id_format },
	SCHEMA_END
};
const struct schema workflow_schema = { .kind = SCHEMA_OBJECT, .fields = workflow_fields };

static const struct schema input_fields[] = {
	ANY("description"), ANY("required"), ANY("default"), ANY("deprecationMessage"), ANY("type"),
	SCHEMA_END
};
static const struct schema runs_fields[] = {
	{ .name = "using", .kind = SCHEMA_STR, .required = true },
	ANY("main"), ANY("pre"), ANY("pre-if"), ANY("post"), ANY("post-if"), ANY("image"), ANY("env"),
	ANY("args"), ANY("entrypoint"), ANY("pre-entrypoint"), ANY("post-entrypoint"),
	{ .name = "steps", .kind = SCHEMA_LIST, .of = &step },
	SCHEMA_END
};
static const struct schema action_fields[] = {
	{ .name = "name", .kind = SCHEMA_ANY, .required = true },
	{ .name = "description", .kind = SCHEMA_ANY, .required = true },
	ANY("author"), ANY("branding"), ANY("outputs"),
	{ .name = "inputs", .kind = SCHEMA_MAP,
	  .of = &(const struct schema){ .kind = SCHEMA_OBJECT, .fields = input_fields } },
	{ .name = "runs", .kind = SCHEMA_OBJECT, .fields = runs_fields, .required = true },
	SCHEMA_END
};
const struct schema action_schema = { .kind = SCHEMA_OBJECT, .fields = action_fields };
/* clang-format on */
