/*
 * SSH keys as files: public key lines, and private keys in OpenSSH's own format, also with a
 * passphrase. Only the types age can use: ssh-ed25519 and ssh-rsa.
 */
#ifndef VAULT_SSH_KEY_H
#define VAULT_SSH_KEY_H

#include "base/base.h"
#include "crypto/secret.h"

enum ssh_type { SSH_ED25519, SSH_RSA };

#define SSH_RSA_BITS_MIN 2048

/* A public key in its wire form; views into it. */
struct ssh_public {
	enum ssh_type type;
	struct view ed25519; /* 32 bytes */
	struct view n, e;    /* big-endian */
};

/* "ssh-ed25519 AAAA… comment" into its wire form. INVALID; UNSUPPORTED for other types of SSH keys. */
NODISCARD err *ssh_public_line(struct view line, struct str *ret_wire);
NODISCARD err *ssh_public_read(struct view wire, struct ssh_public *ret_key);
/* "ssh-ed25519 AAAA…" without a comment. */
void ssh_public_text(struct view wire, struct str *out);

bool ssh_private_is_file(struct view text);

struct ssh_private {
	struct str wire;      /* the public half, which is never encrypted */
	struct secret sealed; /* the private half, encrypted when there is a cipher */
	bool is_encrypted;
	struct str salt;
	unsigned rounds;
};
#define SSH_PRIVATE_INIT                                                  \
	{                                                                 \
		.wire = STR_INIT, .sealed = SECRET_INIT, .salt = STR_INIT \
	}
void ssh_private_clear(struct ssh_private *key); /* wipes */

/* The text of a key file. Messages never show it. */
NODISCARD err *ssh_private_read(struct view text, struct ssh_private *ret_key);
/*
 * The secret: the seed of an Ed25519 key, the private exponent of an RSA key. `passphrase` may be NULL
 * when it is not encrypted. AUTH for a wrong passphrase.
 */
NODISCARD err *ssh_private_open(const struct ssh_private *key, const struct secret *passphrase,
                                struct secret *ret_secret);

#endif
