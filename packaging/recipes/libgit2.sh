# shellcheck shell=bash disable=SC2154
# needs: zlib pcre2 http-parser
# No HTTPS of its own: pkg/git hands it a transport made of our libcurl. ssh runs the user's ssh.
export CMAKE_C_FLAGS_ALL="$CMAKE_C_FLAGS_ALL -DPCRE2_STATIC"
cmake_build -DBUILD_TESTS=OFF -DBUILD_CLI=OFF -DUSE_SSH=exec -DUSE_HTTPS=OFF \
	-DUSE_HTTP_PARSER=http-parser -DREGEX_BACKEND=pcre2 -DUSE_NTLMCLIENT=OFF -DUSE_GSSAPI=OFF \
	-DUSE_ICONV=OFF -DUSE_SHA1=CollisionDetection -DUSE_SHA256=Builtin -DUSE_BUNDLED_ZLIB=OFF \
	-DDEPRECATE_HARD=ON
