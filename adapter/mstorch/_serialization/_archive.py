# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The zip archive that torch.save writes: one folder of records, stored without compression.

    <name>/data.pkl      the object, pickled, with its storages named by numbers
    <name>/byteorder     "little" or "big"
    <name>/data/0 ...    the bytes of each storage, at a multiple of 64
    <name>/version       of the format

Reading trusts nothing: names must lie in one folder and be different, and the checksum of every
record that is read is compared.
"""

import contextlib
import mmap
import struct
import zipfile
import zlib

import numpy

_ALIGNMENT = 64
_VERSION = b"3\n"
_NEWEST_VERSION = 10
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_ZIP64_EXTRA = 20
_PIECE = 1 << 24
# Everything that the zip library raises at damaged input.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    EOFError,
    OSError,
    KeyError,
    IndexError,
    NotImplementedError,
    RuntimeError,
)


class _Written:
    """A stream that can only be appended to, so that the archive counts from its own start."""

    def __init__(self, stream):
        self._stream = stream
        self.count = 0

    def write(self, data):
        self._stream.write(data)
        self.count += memoryview(data).nbytes
        return memoryview(data).nbytes

    def flush(self):
        flush = getattr(self._stream, "flush", None)
        if flush is not None:
            flush()


class ArchiveWriter:
    """Writes an archive at the present end of a stream; a context manager."""

    def __init__(self, stream, name):
        self._folder = name
        self._out = _Written(stream)
        self._zip = zipfile.ZipFile(self._out, "w")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.write("version", _VERSION)
            self._zip.close()
            self._out.flush()
        else:
            self._zip.fp = None  # an unfinished archive gets no directory

    def write(self, name, data):
        """Add a record: its name inside the folder, and bytes or an array of them."""
        info = zipfile.ZipInfo(f"{self._folder}/{name}", (1980, 1, 1, 0, 0, 0))
        info.file_size = memoryview(data).nbytes
        info.extra = self._padding(info)
        with self._zip.open(info, "w") as record:
            record.write(data)
        info.extra = b""

    def _padding(self, info):
        """The extra field, marked as torch marks it, after which the record is aligned."""
        start = self._out.count + _LOCAL_HEADER.size + len(info.filename.encode()) + 4
        start += _ZIP64_EXTRA if info.file_size * 1.05 > zipfile.ZIP64_LIMIT else 0
        size = -start % _ALIGNMENT
        return struct.pack("<2sH", b"FB", size) + b"Z" * size


@contextlib.contextmanager
def _damage_reported(source):
    try:
        yield
    except _DAMAGE as error:
        raise RuntimeError(
            f"torch.load: {source} is truncated or damaged ({error}); get the file again"
        ) from error


class ArchiveReader:
    """Reads an archive from a stream. RuntimeError where anything in it is not as it should be."""

    def __init__(self, stream, source):
        self._stream = stream
        self._source = source
        with _damage_reported(source):
            self._zip = zipfile.ZipFile(stream)
        self._records = self._checked_names()
        version = self.read("version") if self.has("version") else _VERSION
        if not version.strip().isdigit() or not 1 <= int(version) <= _NEWEST_VERSION:
            raise RuntimeError(
                f"torch.load: {source} has format version {version!r}; versions 1 to "
                f"{_NEWEST_VERSION} can be read"
            )

    def _checked_names(self):
        records, folder = {}, None
        for info in self._zip.infolist():
            first, _, name = info.filename.partition("/")
            parts = info.filename.split("/")
            if (
                not all(parts)
                or {".", ".."} & set(parts)
                or any(c in info.filename for c in "\\:\0")
                or folder not in (None, first)
                or not name
            ):
                raise RuntimeError(
                    f"torch.load: {self._source} has a record named {info.filename!r}, which is "
                    "not inside the one folder of a file of torch.save: it is not loaded"
                )
            if name in records:
                raise RuntimeError(
                    f"torch.load: {self._source} has two records named {info.filename!r}: it is "
                    "not loaded"
                )
            folder = first
            records[name] = info
        return records

    def names(self):
        """The names of all records."""
        return self._records.keys()

    def has(self, name):
        """Whether there is a record."""
        return name in self._records

    def read(self, name):
        """The bytes of a small record."""
        with _damage_reported(self._source):
            return self._zip.read(self._records[name])

    def storage(self, name, size):
        """The bytes of a record of a known size, in an array of their own."""
        info = self._sized(name, size)
        data = numpy.empty(size, numpy.uint8)
        with _damage_reported(self._source), self._zip.open(info) as record:
            for start in range(0, size, _PIECE):
                piece = record.read(min(_PIECE, size - start))
                data[start : start + _PIECE] = numpy.frombuffer(piece, numpy.uint8)
            if record.read(1):
                raise EOFError(f"the record {name!r} is longer than its directory says")
        return data

    def mapped_storage(self, name, size, file):
        """The bytes of a record of a known size inside a map of the whole file."""
        info = self._sized(name, size)
        if info.compress_type != zipfile.ZIP_STORED:
            raise RuntimeError(f"torch.load: {self._source} is compressed: it cannot be mapped")
        with _damage_reported(self._source), self._zip.open(info):
            header = _LOCAL_HEADER.unpack_from(file, info.header_offset)
            start = info.header_offset + _LOCAL_HEADER.size + header[-2] + header[-1]
            data = numpy.frombuffer(file, numpy.uint8, size, start)
            if zlib.crc32(data) != info.CRC:
                raise zipfile.BadZipFile(f"Bad CRC-32 for file {info.filename!r}")
        return data

    def _sized(self, name, size):
        info = self._records.get(name)
        found = None if info is None else info.file_size
        if found != size:
            raise RuntimeError(
                f"torch.load: {self._source} is truncated or damaged: its record {name!r} should "
                f"have {size} bytes, " + ("and is missing" if found is None else f"it has {found}")
            )
        return info


def map_file(path):
    """A private, writable map of a file: what is changed in it stays in this process."""
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
