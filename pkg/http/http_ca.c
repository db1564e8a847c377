#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_private.h"

#include "pal/fs.h"

/* After fettle's own setting and OpenSSL's two variables: those of curl and git. */
static const char *const file_variables[] = { "CURL_CA_BUNDLE", "GIT_SSL_CAINFO" };

static const char *const system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Gentoo, Alpine */
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

static char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? mem_strdup(value) : NULL;
}

static bool choose_variable(struct http_ca *ca)
{
	ca->file = variable("SSL_CERT_FILE");
	ca->folder = variable("SSL_CERT_DIR");
	ca->origin = ca->file ? "SSL_CERT_FILE" : "SSL_CERT_DIR";
	for (size_t i = 0; i < ARRAY_LEN(file_variables) && !ca->file && !ca->folder; i++) {
		ca->file = variable(file_variables[i]);
		ca->origin = file_variables[i];
	}
	return ca->file || ca->folder;
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
	*ret_ca = (struct http_ca){ 0 };
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
	*ca = (struct http_ca){ 0 };
}

void http_describe_ca(const char *ca_file, struct str *text)
{
	AUTO(http_ca) ca = { 0 };
	http_ca_choose(ca_file, &ca);
	if (ca.is_missing)
		str_addz(text, "none found");
	else if (ca.file || ca.folder)
		str_addf(text, "%s (%s)", ca.file ? ca.file : ca.folder, ca.origin);
	else
		str_addz(text, "the certificate store of this system");
}
