#include "base/base.h"

#include "http/http_private.h"

#include "pal/fs.h"

struct variable {
	const char *name;
	bool is_folder;
};

/* After fettle's own setting. OpenSSL's names first, then those of curl and git. */
static const struct variable variables[] = {
	{"SSL_CERT_FILE", false},
	{"SSL_CERT_DIR", true},
	{"CURL_CA_BUNDLE", false},
	{"GIT_SSL_CAINFO", false},
};

static const char *const system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Gentoo, Alpine */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
	"/etc/pki/tls/certs/ca-bundle.crt",                  /* older RHEL */
	"/etc/ssl/ca-bundle.pem",                            /* SUSE */
	"/var/lib/ca-certificates/ca-bundle.pem",            /* SUSE */
	"/etc/pki/tls/cacert.pem",
	"/etc/ssl/cert.pem", /* macOS, Alpine, OpenBSD */
	"/usr/local/share/certs/ca-root-nss.crt",
};
static const char system_folder[] = "/etc/ssl/certs";

/* Schannel asks Windows; there is nothing to choose. */
static bool has_native_store(void)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	return info->ssl_version && str_starts(info->ssl_version, "Schannel");
}

static bool choose_variable(struct http_ca *ca)
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *value = getenv(variables[i].name);
		if (!value || !*value)
			continue;
		*(variables[i].is_folder ? &ca->folder : &ca->file) = mem_strdup(value);
		ca->origin = variables[i].name;
		return true;
	}
	return false;
}

static void choose_system(struct http_ca *ca)
{
	ca->origin = "this system";
	if (has_native_store())
		return;
	for (size_t i = 0; i < ARRAY_LEN(system_files) && !ca->file; i++)
		if (fs_exists(system_files[i]))
			ca->file = mem_strdup(system_files[i]);
	if (ca->file)
		return;
	ca->is_missing = !fs_is_dir(system_folder);
	if (!ca->is_missing)
		ca->folder = mem_strdup(system_folder);
}

void http_ca_choose(const char *ca_file, struct http_ca *ret_ca)
{
	*ret_ca = (struct http_ca){0};
	if (ca_file && *ca_file) {
		ret_ca->file = mem_strdup(ca_file);
		ret_ca->origin = "the settings";
	} else if (!choose_variable(ret_ca)) {
		choose_system(ret_ca);
	}
}

void http_ca_clear(struct http_ca *ca)
{
	mem_free(ca->file);
	mem_free(ca->folder);
	*ca = (struct http_ca){0};
}

void http_describe_ca(const char *ca_file, struct str *text)
{
	AUTO(http_ca) ca = {0};
	http_ca_choose(ca_file, &ca);
	if (ca.is_missing)
		str_addz(text, "none found");
	else if (ca.file || ca.folder)
		str_addf(text, "%s (%s)", ca.file ? ca.file : ca.folder, ca.origin);
	else
		str_addz(text, "the certificate store of this system");
}
