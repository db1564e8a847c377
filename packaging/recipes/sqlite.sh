# shellcheck shell=bash disable=SC2154
# The Debian tarball is the full tree: make the amalgamation with its own bundled interpreter.
CC=cc CFLAGS='' ./configure --disable-tcl
make sqlite3.c sqlite3.h
archive sqlite3 "-DSQLITE_THREADSAFE=1 -DSQLITE_DQS=0 -DSQLITE_OMIT_LOAD_EXTENSION \
-DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_OMIT_DEPRECATED -DSQLITE_LIKE_DOESNT_MATCH_BLOBS \
-DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_UTF16 -DSQLITE_OMIT_TCL_VARIABLE -DSQLITE_OMIT_GET_TABLE \
-DSQLITE_OMIT_COMPLETE -DSQLITE_USE_ALLOCA \
-DSQLITE_DEFAULT_FILE_PERMISSIONS=0600" sqlite3.c
mkdir -p "$out/include"
cp sqlite3.h "$out/include"
