# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.serialization: files of torch.save, written and read without torch."""

import contextlib
import functools
import io
import os
import pathlib
import pickle
import shutil
import sys
import tempfile
import warnings

import numpy

from mstorch import _device, _dtypes, _storage
from mstorch._errors import missing, module_getattr
from mstorch._serialization import _archive, _legacy, _names, _pickling, _unpickling

DEFAULT_PROTOCOL = 2
_TAR_MARK = slice(257, 262)  # where a tar archive says that it is one
_TRUE = ("1", "y", "yes", "true")


def save(
    obj,
    f,
    pickle_module=pickle,
    pickle_protocol=DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization=True,
    _disable_byteorder_record=False,
):
    """Write an object to a path or a binary stream, in the format of PyTorch.

    Tensors that share memory do so again when they are loaded. A path gets its file whole or not at
    all: it is written under another name and renamed.
    """
    if pickle_module is not pickle:
        raise missing("torch.save(pickle_module=...)", "only Python's own pickle writes files")
    if isinstance(f, (str, os.PathLike)):
        with _replaced(os.fspath(f)) as stream:
            _write(obj, stream, pathlib.Path(f).stem, pickle_protocol, locals())
        return
    if not hasattr(f, "write"):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
        )
    _write(obj, f, "archive", pickle_protocol, locals())


def _write(obj, stream, name, protocol, options):
    if not options["_use_new_zipfile_serialization"]:
        _legacy.save(obj, stream, protocol)
        return
    storages = _pickling.Storages()
    data = io.BytesIO()
    _pickling.Pickler(data, protocol, storages).dump(obj)
    with _archive.ArchiveWriter(stream, name) as archive:
        archive.write("data.pkl", data.getvalue())
        if not options["_disable_byteorder_record"]:
            archive.write("byteorder", sys.byteorder.encode())
        for number, storage in enumerate(storages.memories):
            archive.write(f"data/{number}", storage._memory)


@contextlib.contextmanager
def _replaced(path):
    """A stream whose content becomes the file `path` once it is complete. What is no regular file,
    such as a pipe, is written to directly.
    """
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as stream:
            yield stream
        return
    folder, name = os.path.split(path)
    handle, partial = tempfile.mkstemp(".partial", f".{name}.", folder)
    try:
        with open(handle, "wb") as stream:
            yield stream
        _set_mode(partial, path)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def _set_mode(partial, path):
    """The mode of the file that is replaced, or that of any new file."""
    if os.path.exists(path):
        shutil.copymode(path, partial)
        return
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(partial, 0o666 & ~mask)


def load(
    f, map_location=None, pickle_module=None, *, weights_only=None, mmap=None, **pickle_load_args
):
    """Read what torch.save wrote, from a path or a binary stream that can seek.

    With `weights_only`, the default, only the types that PyTorch allows there are built, and no
    code of the file's choice is run: anything else is a pickle.UnpicklingError. Every checksum is
    compared: a damaged file is a RuntimeError. `mmap=True` maps a file instead of copying it.
    """
    weights_only = _safe_mode(weights_only, pickle_module)
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if weights_only and pickle_load_args:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=2)
        pickle_load_args = {}
    pickle_load_args.setdefault("encoding", "utf-8")
    base = _unpickling.SafeUnpickler if weights_only else (pickle_module or pickle).Unpickler
    make = functools.partial(_unpickler, base, pickle_load_args)
    restore = _restorer(map_location)
    if isinstance(f, (str, os.PathLike)):
        if os.fspath(f).endswith(".safetensors"):
            from mstorch.interop.safetensors import load_file

            return load_file(f, _only_location(map_location))
        with open(f, "rb") as stream:
            return _read(stream, os.fspath(f), make, restore, weights_only, mmap and os.fspath(f))
    _check_seekable(f)
    if mmap:
        raise ValueError("f must be a file path in order to use the mmap argument")
    return _read(f, getattr(f, "name", "the stream"), make, restore, weights_only, None)


def _unpickler(base, options, stream, persistent_load):
    return _unpickling.unpickler(base, stream, persistent_load, **options)


def _safe_mode(weights_only, pickle_module):
    """Whether to load safely: the argument, or else True without a pickle module; two environment
    variables of torch's override that.
    """
    force, relax = (
        os.environ.get(name, "0").lower() in _TRUE
        for name in ("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
    )
    if force and relax:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` "
            "should be set, but both were set."
        )
    if force:
        return True
    if weights_only is None:
        return pickle_module is None and not relax
    return bool(weights_only)


def _check_seekable(stream):
    try:
        stream.seek(stream.tell())
    except (AttributeError, io.UnsupportedOperation) as error:
        raise type(error)(
            f"{error}. You can only torch.load from a file that is seekable. Please pre-load the "
            "data into a buffer like io.BytesIO and try to load from it instead."
        ) from None


def _begins_with_zip(stream):
    start = stream.tell()
    head = stream.read(4)
    stream.seek(start)
    return head == b"PK\x03\x04"


def _read(stream, source, make_unpickler, restore, weights_only, mapped_path):
    if not _begins_with_zip(stream):
        if mapped_path:
            raise RuntimeError(
                "mmap can only be used with files saved with "
                "`torch.save(_use_new_zipfile_serialization=True)`"
            )
        return _read_legacy(stream, source, make_unpickler, restore)
    archive = _archive.ArchiveReader(stream, source)
    if archive.has("constants.pkl"):
        if weights_only:
            raise RuntimeError(
                "Cannot use ``weights_only=True`` with TorchScript archives passed to "
                "``torch.load``."
            )
        raise missing("torch.jit.load", f"{source} is a TorchScript archive")
    if not archive.has("data.pkl"):
        raise RuntimeError(f"torch.load: {source} has no record data.pkl: no file of torch.save")
    file = _archive.map_file(mapped_path) if mapped_path else None
    storages = _LoadedStorages(archive, restore, file)
    return make_unpickler(io.BytesIO(archive.read("data.pkl")), storages).load()


def _read_legacy(stream, source, make_unpickler, restore):
    start = stream.tell()
    head = stream.read(_TAR_MARK.stop)
    stream.seek(start)
    if head[_TAR_MARK] == b"ustar":
        raise RuntimeError(
            f"torch.load: {source} is a tar archive, as torch wrote before version 0.2: load and "
            "save it with a later torch"
        )
    try:
        return _legacy.load(stream, make_unpickler, restore)
    except EOFError as error:
        raise RuntimeError(f"torch.load: {source} is truncated") from error


class _LoadedStorages:
    """The storages of an archive, each read when it is first asked for."""

    def __init__(self, archive, restore, file):
        self._archive, self._restore, self._file = archive, restore, file
        self._loaded = {}
        order = archive.read("byteorder") if archive.has("byteorder") else b"little"
        if order not in (b"little", b"big"):
            raise ValueError(f"Unknown endianness type: {order.decode(errors='replace')}")
        self._swap = order.decode() != sys.byteorder

    def __call__(self, reference):
        """The storage of a reference (type, key, location, number of elements) in the pickle."""
        if not isinstance(reference, tuple) or len(reference) != 5:
            raise pickle.UnpicklingError(f"{reference!r} does not describe a storage")
        _, kind, key, location, count = reference
        if not isinstance(kind, _storage.StorageType) or type(count) is not int or count < 0:
            raise pickle.UnpicklingError(f"{reference!r} does not describe a storage")
        if key not in self._loaded:
            self._loaded[key] = self._load(kind.dtype, key, location, count)
        known = self._loaded[key]
        if kind is _storage.UNTYPED and known.dtype is _dtypes.uint8:
            return known
        return _storage.TypedStorage(known.untyped(), kind.dtype)

    def _load(self, dtype, key, location, count):
        name, size = f"data/{key}", count * dtype.itemsize
        if self._file is not None:
            data = self._archive.mapped_storage(name, size, self._file)
        else:
            data = self._archive.storage(name, size)
        if self._swap:
            data = _swapped(data, dtype)
        untyped = self._restore(_storage.UntypedStorage(data), location)
        return _storage.TypedStorage(untyped, dtype)


def _swapped(data, dtype):
    """The bytes of a machine of the other byte order; the parts of a complex number keep theirs."""
    width = dtype.itemsize // (2 if dtype.is_complex else 1)
    return numpy.ascontiguousarray(data.reshape(-1, width)[:, ::-1]).reshape(-1)


# Where storages go


def default_restore_location(storage, location):
    """The storage for the CPU, one without numbers for the meta device; an error for any other
    place.
    """
    location = location.decode() if isinstance(location, bytes) else str(location)
    if location == _device.HERE.type:
        return storage
    if location == "meta":
        return storage.on_meta()
    if location.partition(":")[0] in ("cuda", "npu"):
        raise RuntimeError(
            f"Attempting to deserialize object on a {location} device, and mstorch computes on "
            f"{_device.HERE}: use torch.load with map_location=torch.device('cpu') to map your "
            "storages to the CPU."
        )
    raise RuntimeError(
        f"don't know how to restore data location of torch.storage (tagged with {location})"
    )


def _restorer(map_location):
    """What brings a storage to its place: `restore(storage, location)`."""
    if map_location is None:
        return default_restore_location
    if isinstance(map_location, dict):
        return lambda storage, location: default_restore_location(
            storage, map_location.get(location, location)
        )
    if isinstance(map_location, (str, bytes, _device.device)):
        return lambda storage, location: default_restore_location(storage, map_location)
    if not callable(map_location):
        raise TypeError(f"map_location is a device, a dict or a function, got {map_location!r}")

    def restore(storage, location):
        moved = map_location(storage, location)
        return default_restore_location(storage, location) if moved is None else moved.untyped()

    return restore


def _only_location(map_location):
    """The one device that a file without locations is loaded to."""
    if map_location is None or isinstance(map_location, (str, _device.device)):
        return map_location or "cpu"
    raise RuntimeError(
        "Loading safetensors file with dict or callable map_location is not supported. Use a "
        "device string or torch.device instead."
    )


# What safe mode allows


def add_safe_globals(safe_globals):
    """Let safe mode build these classes and call these functions: a list of them, or of pairs with
    the full name that files have for them.
    """
    _names.allowed_by_user.update(safe_globals)


def get_safe_globals():
    """What add_safe_globals has added."""
    return list(_names.allowed_by_user)


def clear_safe_globals():
    """Take back what add_safe_globals has added."""
    _names.allowed_by_user.clear()


class safe_globals:
    """A context in which safe mode allows more, as with add_safe_globals."""

    def __init__(self, safe_globals):
        self.safe_globals = safe_globals

    def __enter__(self):
        add_safe_globals(self.safe_globals)

    def __exit__(self, kind, error, trace):
        _names.allowed_by_user.difference_update(self.safe_globals)


def get_unsafe_globals_in_checkpoint(f):
    """The functions and classes that a file names and safe mode would refuse. Nothing is built."""
    with contextlib.ExitStack() as stack:
        is_path = isinstance(f, (str, os.PathLike))
        stream = stack.enter_context(open(f, "rb")) if is_path else f
        if not _begins_with_zip(stream):
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        archive = _archive.ArchiveReader(stream, str(f))
        if archive.has("constants.pkl"):
            raise ValueError(
                "Expected input to be a checkpoint returned by torch.save but got a torchscript "
                "checkpoint"
            )
        named = _unpickling.globals_of(archive.read("data.pkl"))
    return list(named - _names.safe().keys() - _names.user_allowed().keys())


__all__ = [
    "DEFAULT_PROTOCOL",
    "add_safe_globals",
    "clear_safe_globals",
    "default_restore_location",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
    "save",
]

__getattr__ = module_getattr("torch.serialization")
