// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// Files mapped into the simulator. Python maps the same files, so that words cross without a
// call for each of them. The byte order is little endian, as the host's must be.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

struct MappedFile {
    char* data;
    std::int64_t bytes;
};

[[noreturn]] void fail(const char* what, const char* path) {
    std::fprintf(stderr, "words: %s: %s\n", what, path);
    std::exit(2);
}

char* place(void* handle, long long offset, int bytes) {
    const MappedFile* file = static_cast<MappedFile*>(handle);
    if (offset < 0 || bytes < 0 || bytes > 8 || offset + bytes > file->bytes) {
        fail("access", "outside of a mapped file");
    }
    return file->data + offset;
}

}  // namespace

extern "C" void* words_open(const char* path) {
    const int descriptor = open(path, O_RDWR);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status)) fail("cannot open", path);
    void* data = nullptr;
    if (status.st_size) {
        data = mmap(nullptr, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        if (data == MAP_FAILED) fail("cannot map", path);
    }
    close(descriptor);
    return new MappedFile{static_cast<char*>(data), status.st_size};
}

extern "C" long long words_get(void* handle, long long offset, int bytes) {
    long long value = 0;
    std::memcpy(&value, place(handle, offset, bytes), bytes);
    return value;
}

extern "C" void words_put(void* handle, long long offset, int bytes, long long value) {
    std::memcpy(place(handle, offset, bytes), &value, bytes);
}
