# shellcheck shell=bash disable=SC2154
# not: windows
# TLS for curl and the primitives crypto needs; Windows uses Schannel.
case $target in
x86_64-linux-*) configuration=linux-x86_64 ;;
aarch64-linux-*) configuration=linux-aarch64 ;;
x86_64-macos) configuration=darwin64-x86_64-cc ;;
aarch64-macos) configuration=darwin64-arm64-cc ;;
esac

# The compiler command would end up in the library, with the paths of this machine in it.
sed -i 's|^my \$cflags = .*|my $cflags = "compiler: cc";|' util/mkbuildinf.pl

# On x86_64 it asks the processor what it can before main() runs, which costs 40 microseconds in a
# virtual machine, in every start. OPENSSL_init_crypto asks again, when there is a use for it.
sed -i '/^\.section\t\.init/,/call\tOPENSSL_cpuid_setup/d' crypto/x86_64cpuid.pl

./Configure "$configuration" no-shared no-tests no-apps no-docs no-legacy no-engine no-dso no-module \
	no-comp no-dtls no-quic no-srp no-psk no-idea no-camellia no-seed no-aria no-sm2 no-sm3 no-sm4 \
	no-rc2 no-rc4 no-mdc2 no-whirlpool no-blake2 no-bf no-cast no-des no-md4 no-rmd160 no-ct no-cms \
	no-ts no-gost no-nextprotoneg no-rfc3779 no-scrypt no-siphash no-ssl-trace no-ui-console \
	no-secure-memory no-cmp no-http no-ssl3 no-tls1 no-tls1_1 no-weak-ssl-ciphers \
	no-ec2m no-slh-dsa no-padlockeng no-afalgeng \
	--prefix=/usr --libdir=lib --openssldir=/etc/ssl
make -j "$jobs" build_libs
mkdir -p "$out/lib" "$out/include"
cp libssl.a libcrypto.a "$out/lib"
cp -r include/openssl "$out/include"
