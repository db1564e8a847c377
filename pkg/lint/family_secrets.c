/* Secrets in files: what secret_scan finds, with the file's own ways to allow one. */
#include "base/base.h"

#include "lint/family_secrets.h"

#include "base/path.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "lint/kube_object.h"
#include "lint/lint_families.h"
#include "lint/secret_allow.h"
#include "base/vec.h"

#define WHY                                                                                             \
	"Everyone who can read the repository, and every copy of it, has it for ever: make it invalid " \
	"at its issuer first, then take it out; 'fettle vault' keeps secrets in a repository."
#define SECRET(slug_, severity_, brief_)                                                         \
	{                                                                                        \
		.slug = slug_, .severity = severity_, .brief = brief_, .why = WHY,               \
		.bad = "token: (the secret itself)\n", .good = "tokenFile: /run/secrets/token\n" \
	}

/* In the order of secret_table.c. */
/* clang-format off */
static const struct lint_rule rules[] = {
	SECRET("secret-github-token", LINT_ERROR, "a GitHub token in a file"),
	SECRET("secret-github-fine-grained", LINT_ERROR, "a fine-grained GitHub token in a file"),
	SECRET("secret-gitlab-token", LINT_ERROR, "a GitLab token in a file"),
	SECRET("secret-npm-token", LINT_ERROR, "an npm token in a file"),
	SECRET("secret-npmrc", LINT_ERROR, "a token of an npm registry in a file"),
	SECRET("secret-pypi-token", LINT_ERROR, "a PyPI token in a file"),
	SECRET("secret-rubygems-key", LINT_ERROR, "a RubyGems key in a file"),
	SECRET("secret-clojars-token", LINT_ERROR, "a Clojars token in a file"),
	SECRET("secret-docker-token", LINT_ERROR, "a Docker Hub token in a file"),
	SECRET("secret-docker-auth", LINT_ERROR, "a registry login in a file"),
	SECRET("secret-swarm-token", LINT_ERROR, "a Docker Swarm token in a file"),
	SECRET("secret-jfrog-token", LINT_ERROR, "a JFrog token in a file"),
	SECRET("secret-jfrog-reference", LINT_ERROR, "a JFrog reference token in a file"),
	SECRET("secret-cloudsmith-key", LINT_ERROR, "a Cloudsmith key in a file"),
	SECRET("secret-buildkite-token", LINT_ERROR, "a Buildkite token in a file"),
	SECRET("secret-circleci-token", LINT_ERROR, "a CircleCI token in a file"),
	SECRET("secret-octopus-key", LINT_WARNING, "an Octopus Deploy key in a file"),
	SECRET("secret-sourcegraph-token", LINT_ERROR, "a Sourcegraph token in a file"),
	SECRET("secret-postman-key", LINT_ERROR, "a Postman key in a file"),
	SECRET("secret-infracost-key", LINT_ERROR, "an Infracost key in a file"),
	SECRET("secret-prefect-key", LINT_ERROR, "a Prefect key in a file"),
	SECRET("secret-readme-key", LINT_ERROR, "a ReadMe key in a file"),
	SECRET("secret-aws-key-id", LINT_ERROR, "an AWS access key id in a file"),
	SECRET("secret-aws-secret-key", LINT_ERROR, "an AWS secret key in a file"),
	SECRET("secret-aws-bedrock-key", LINT_ERROR, "an AWS Bedrock key in a file"),
	SECRET("secret-google-key", LINT_ERROR, "a Google API key in a file"),
	SECRET("secret-google-client-secret", LINT_ERROR, "a Google OAuth secret in a file"),
	SECRET("secret-azure-storage-key", LINT_ERROR, "an Azure storage key in a file"),
	SECRET("secret-azure-shared-key", LINT_ERROR, "an Azure shared access key in a file"),
	SECRET("secret-digitalocean-token", LINT_ERROR, "a DigitalOcean token in a file"),
	SECRET("secret-alibaba-key-id", LINT_ERROR, "an Alibaba access key id in a file"),
	SECRET("secret-tailscale-key", LINT_ERROR, "a Tailscale key in a file"),
	SECRET("secret-fly-token", LINT_ERROR, "a Fly.io token in a file"),
	SECRET("secret-render-key", LINT_ERROR, "a Render key in a file"),
	SECRET("secret-vercel-token", LINT_ERROR, "a Vercel token in a file"),
	SECRET("secret-supabase-key", LINT_ERROR, "a Supabase key in a file"),
	SECRET("secret-supabase-secret", LINT_ERROR, "a Supabase secret key in a file"),
	SECRET("secret-neon-key", LINT_ERROR, "a Neon key in a file"),
	SECRET("secret-planetscale-key", LINT_ERROR, "a PlanetScale key in a file"),
	SECRET("secret-cockroach-key", LINT_ERROR, "a CockroachDB key in a file"),
	SECRET("secret-mongodb-atlas", LINT_ERROR, "a MongoDB Atlas secret in a file"),
	SECRET("secret-databricks-token", LINT_ERROR, "a Databricks token in a file"),
	SECRET("secret-heroku-key", LINT_ERROR, "a Heroku key in a file"),
	SECRET("secret-openshift-token", LINT_ERROR, "an OpenShift token in a file"),
	SECRET("secret-vault-token", LINT_ERROR, "a Vault token in a file"),
	SECRET("secret-terraform-token", LINT_ERROR, "a Terraform Cloud token in a file"),
	SECRET("secret-pulumi-token", LINT_ERROR, "a Pulumi token in a file"),
	SECRET("secret-doppler-token", LINT_ERROR, "a Doppler token in a file"),
	SECRET("secret-1password-token", LINT_ERROR, "a 1Password service account in a file"),
	SECRET("secret-age-key", LINT_ERROR, "an age identity in a file"),
	SECRET("secret-age-pq-key", LINT_ERROR, "a post-quantum age identity in a file"),
	SECRET("secret-slack-token", LINT_ERROR, "a Slack token in a file"),
	SECRET("secret-slack-webhook", LINT_ERROR, "a Slack webhook in a file"),
	SECRET("secret-discord-webhook", LINT_ERROR, "a Discord webhook in a file"),
	SECRET("secret-telegram-token", LINT_ERROR, "a Telegram bot token in a file"),
	SECRET("secret-stripe-key", LINT_ERROR, "a Stripe key in a file"),
	SECRET("secret-stripe-test-key", LINT_WARNING, "a Stripe test key in a file"),
	SECRET("secret-square-token", LINT_ERROR, "a Square token in a file"),
	SECRET("secret-square-access", LINT_ERROR, "a Square access token in a file"),
	SECRET("secret-shopify-token", LINT_ERROR, "a Shopify token in a file"),
	SECRET("secret-sendgrid-key", LINT_ERROR, "a SendGrid key in a file"),
	SECRET("secret-brevo-key", LINT_ERROR, "a Brevo key in a file"),
	SECRET("secret-mailersend-token", LINT_ERROR, "a MailerSend token in a file"),
	SECRET("secret-mailgun-key", LINT_ERROR, "a Mailgun key in a file"),
	SECRET("secret-mailchimp-key", LINT_ERROR, "a Mailchimp key in a file"),
	SECRET("secret-notion-token", LINT_ERROR, "a Notion token in a file"),
	SECRET("secret-linear-key", LINT_ERROR, "a Linear key in a file"),
	SECRET("secret-figma-token", LINT_ERROR, "a Figma token in a file"),
	SECRET("secret-atlassian-token", LINT_ERROR, "an Atlassian token in a file"),
	SECRET("secret-sentry-token", LINT_ERROR, "a Sentry token in a file"),
	SECRET("secret-grafana-token", LINT_ERROR, "a Grafana token in a file"),
	SECRET("secret-grafana-cloud", LINT_ERROR, "a Grafana Cloud token in a file"),
	SECRET("secret-newrelic-key", LINT_ERROR, "a New Relic key in a file"),
	SECRET("secret-dynatrace-token", LINT_ERROR, "a Dynatrace token in a file"),
	SECRET("secret-posthog-key", LINT_ERROR, "a PostHog key in a file"),
	SECRET("secret-adobe-secret", LINT_ERROR, "an Adobe client secret in a file"),
	SECRET("secret-typeform-token", LINT_ERROR, "a Typeform token in a file"),
	SECRET("secret-shippo-token", LINT_ERROR, "a Shippo token in a file"),
	SECRET("secret-easypost-key", LINT_ERROR, "an EasyPost key in a file"),
	SECRET("secret-duffel-token", LINT_ERROR, "a Duffel token in a file"),
	SECRET("secret-flutterwave-key", LINT_ERROR, "a Flutterwave key in a file"),
	SECRET("secret-openai-key", LINT_ERROR, "an OpenAI key in a file"),
	SECRET("secret-anthropic-key", LINT_ERROR, "an Anthropic key in a file"),
	SECRET("secret-huggingface-token", LINT_ERROR, "a Hugging Face token in a file"),
	SECRET("secret-groq-key", LINT_ERROR, "a Groq key in a file"),
	SECRET("secret-perplexity-key", LINT_ERROR, "a Perplexity key in a file"),
	SECRET("secret-xai-key", LINT_ERROR, "an xAI key in a file"),
	SECRET("secret-openrouter-key", LINT_ERROR, "an OpenRouter key in a file"),
	SECRET("secret-nvidia-key", LINT_ERROR, "an NVIDIA key in a file"),
	SECRET("secret-replicate-token", LINT_ERROR, "a Replicate token in a file"),
	SECRET("secret-langsmith-key", LINT_ERROR, "a LangSmith key in a file"),
	SECRET("secret-together-key", LINT_ERROR, "a Together key in a file"),
	SECRET("secret-private-key", LINT_ERROR, "a private key in a file"),
	SECRET("secret-private-key-base64", LINT_ERROR, "a private key in base64 in a file"),
	SECRET("secret-jwt", LINT_WARNING, "a JSON web token in a file"),
	SECRET("secret-url-password", LINT_ERROR, "a password in a URL in a file"),
	SECRET("secret-generic", LINT_WARNING, "a value that looks like a secret in a file"),
};
/* clang-format on */

struct state {
	struct secret_search *search;
	struct secret_allow *allow;
};

/* --- one hit --- */

struct scanning {
	struct lint_file *file;
	const struct state *state;
	bool has_generic;
	const struct val *object; /* of a Kubernetes Secret; else NULL */
	size_t base;              /* SIZE_MAX: offsets are of the text itself */
	size_t base_end;
};

void secret_describe(const struct secret_hit *hit, const char *text, struct str *message,
                     struct str *fingerprint)
{
	const char *secret = text + hit->start;
	size_t len = hit->end - hit->start;
	uint8_t digest[SHA256_BYTES];
	sha256(secret, len, digest);
	hex_add(fingerprint, digest, 16);
	str_addz(message, hit->detector->what);
	bool may_show = len >= 16 && hit->detector->check != SECRET_PEM &&
	                hit->detector->check != SECRET_PEM_BASE64;
	if (may_show)
		str_addf(message, ": %.4s…%.2s", secret, secret + len - 2);
	str_addf(message, ", %zu characters", len);
}

const struct lint_rule *secret_rule(const struct secret_hit *hit)
{
	return &rules[hit->detector - secret_detectors];
}

/* Counted only when somebody asks by lines: a file may have very many hits. */
static size_t line_for(const struct scanning *s, size_t at)
{
	size_t line = 1;
	if (!secret_allow_has_lines(s->state->allow))
		return 0;
	for (size_t i = 0; i < at; i++)
		line += s->file->text[i] == '\n';
	return line;
}

/* A hit in `text`, which is the file itself or what was decoded from its byte `at`. */
static bool is_allowed(const struct scanning *s, const struct secret_hit *hit, struct view text,
                       size_t at)
{
	const struct lint_file *file = s->file;
	const struct secret_allow *allow = s->state->allow;
	return secret_allowed_on_line(file->text, file->len, at) ||
	       secret_is_allowed(
		       allow, hit->detector->slug, file->path, line_for(s, at), NULL,
		       secret_allowed_content(allow, text.ptr, text.len, hit->start, hit->end));
}

static void report(void *context, const struct secret_hit *hit)
{
	const struct scanning *s = context;
	struct lint_file *file = s->file;
	if (hit->detector->check == SECRET_GENERIC && !s->has_generic)
		return;
	if (is_allowed(s, hit, (struct view){ file->text, file->len }, hit->start))
		return;
	AUTO(str) message = STR_INIT;
	AUTO(str) fingerprint = STR_INIT;
	secret_describe(hit, file->text, &message, &fingerprint);
	const struct lint_hit found = { .rule = secret_rule(hit),
		                        .start = hit->start,
		                        .end = hit->end,
		                        .is_redacted = true,
		                        .fingerprint_text = fingerprint.ptr };
	lint_report_hit(file, &found, "%s", message.ptr);
}

/* --- data of Kubernetes Secrets: base64 hides nothing --- */

struct decoded {
	const struct scanning *s;
	const struct val *value, *object;
	struct view text;
};

static void report_decoded(void *context, const struct secret_hit *hit)
{
	const struct decoded *d = context;
	AUTO(str) message = STR_INIT;
	AUTO(str) fingerprint = STR_INIT;
	if (is_allowed(d->s, hit, d->text, d->value->mark.start))
		return;
	secret_describe(hit, d->text.ptr, &message, &fingerprint);
	const struct lint_hit found = { .rule = secret_rule(hit),
		                        .start = d->value->mark.start,
		                        .end = d->value->mark.end,
		                        .is_redacted = true,
		                        .object = d->object,
		                        .fingerprint_text = fingerprint.ptr };
	lint_report_hit(d->s->file, &found, "%s, in base64", message.ptr);
}

/* `key: value`, so that the name of the key counts for what is found. */
static void scan_value(const struct scanning *s, const struct val *object,
                       const struct val_entry *entry)
{
	AUTO(str) text = STR_INIT;
	if (!val_is(entry->value, VAL_STR))
		return;
	str_addf(&text, "%s: ", entry->key);
	err *e = base64_decode((struct view){ entry->value->as.str.ptr, entry->value->as.str.len },
	                       BASE64_LINES, &text);
	if (e) {
		err_ignore(e, "schema rules tell that it is no base64");
		return;
	}
	struct decoded decoded = { s, entry->value, object, view_str(&text) };
	secret_scan(s->state->search, text.ptr, text.len, report_decoded, &decoded);
}

static void scan_objects(const struct scanning *s)
{
	struct lint_objects it = { 0 };
	const struct val *object;
	const struct val_entry *entry;
	while (lint_next_object(s->file, &it, &object)) {
		bool is_secret = str_equal(val_get_str(object, "kind", ""), "Secret") &&
		                 str_equal(val_get_str(object, "apiVersion", ""), "v1");
		if (is_secret)
			for (VAL_EACH_ENTRY(i, entry, val_get(object, "data")))
				scan_value(s, object, entry);
	}
}

/* --- files --- */

/* Full of hashes, or made by machines. */
static bool is_generated(const char *path)
{
	static const char *const names[] = {
		"package-lock.json", "yarn.lock",   "pnpm-lock.yaml", "go.sum",
		"Cargo.lock",        "poetry.lock", "Pipfile.lock",   "Gemfile.lock",
		"composer.lock",     "flake.lock",  "uv.lock",        "bun.lock"
	};
	static const char *const ends[] = { ".min.js", ".min.css", ".map", ".svg",
		                            ".ipynb",  ".lock",    ".csv" };
	const char *name = path_base(path);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_equal(name, names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(name, ends[i]))
			return true;
	return false;
}

bool secret_may_be_generic(const char *path, uint32_t kind)
{
	return kind != LINT_SOPS && !is_generated(path);
}

static void check_file(struct lint_file *file, void *state)
{
	struct scanning s = { .file = file,
		              .state = state,
		              .has_generic = secret_may_be_generic(file->path, file->kind) };
	secret_scan(s.state->search, file->text, file->len, report, &s);
	if (file->kind == LINT_KUBERNETES)
		scan_objects(&s);
}

static err *begin(struct lint_run *run, void **ret_state)
{
	(void)run;
	struct state *state = MEM_NEW(struct state);
	state->search = secret_search_new();
	*ret_state = state;
	return secret_allow_load(&state->allow);
}

static void end(void *state_)
{
	struct state *state = state_;
	if (!state)
		return;
	secret_search_free(state->search);
	secret_allow_free(state->allow);
	mem_free(state);
}

const struct lint_family lint_family_secrets = {
	.name = "secrets",
	.brief = "tokens, keys and passwords in files",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_ANY_TEXT,
	.begin = begin,
	.check_file = check_file,
	.end = end,
};
