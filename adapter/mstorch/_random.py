# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Random streams, number for number those of PyTorch's CPU generator.

The engine is the 32-bit Mersenne Twister with its reference initialisation (M. Matsumoto and T.
Nishimura, 1998), which NumPy has too. What PyTorch's CPU kernels make of its output, and how much
they draw, is:

    uniform       one 32-bit draw a float32 (24 low bits; the half types round that), two a float64
                  (53 low bits; the first draw is the high half)
    normal        16 numbers or more: uniforms, then Box-Muller (G. Box and M. Muller, 1958) in
                  blocks of 16, 8 radii with 8 angles; an incomplete last block is drawn again over
                  the last 16 places; half types round the float32 result (their incomplete last
                  block differs from torch's).
                  fewer: Box-Muller in float64, one number at a time, the second of each pair kept
                  for the next call
    integers      one draw modulo the range, two where the range needs more than 28 bits
    permutation   Fisher-Yates from the front, one draw an element
    bernoulli     a float64 uniform an element (float32 where the probabilities are a float32
                  tensor), below p or not
"""

import math
import os

import numpy

from mstorch import _device, _dtypes
from mstorch._tensor import Tensor, wrap

_WORDS = 624
_DEFAULT_SEED = 67280421310721

# The byte layout of torch's generator state, so that states can be exchanged with it.
_STATE = numpy.dtype(
    {
        "names": [
            "seed",
            "left",
            "seeded",
            "next",
            "words",
            "x",
            "normal",
            "rho",
            "valid",
            "f_normal",
            "f_valid",
        ],
        "formats": [
            "<u8",
            "<i4",
            "<i4",
            "<u8",
            ("<u8", _WORDS),
            "<f8",
            "<f8",
            "<f8",
            "<i4",
            "<f4",
            "?",
        ],
        "offsets": [0, 8, 12, 16, 24, 5016, 5024, 5032, 5040, 5048, 5052],
        "itemsize": 5056,
    }
)


class Generator:
    """A stream of random numbers: for the same seed those of torch's CPU generator."""

    def __init__(self, device="cpu"):
        _device.check_device(device)
        self.device = _device.HERE
        self.manual_seed(_DEFAULT_SEED)

    def manual_seed(self, seed):
        """Start the stream anew; returns the generator."""
        seed = int(seed)
        if not -0x8000_0000_0000_0000 <= seed <= 0xFFFF_FFFF_FFFF_FFFF:
            raise RuntimeError(
                f"Overflow when unpacking long: the seed {seed} does not fit in 64 bits"
            )
        self._seed = seed & 0xFFFF_FFFF_FFFF_FFFF
        self._bits = numpy.random.MT19937()
        self._bits._legacy_seeding(self._seed & 0xFFFF_FFFF)
        self._kept_normal = None
        self._fresh = True
        return self

    def seed(self):
        """Start from a seed that the operating system draws; returns it."""
        seed = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(seed)
        return seed

    def initial_seed(self):
        """The seed that the stream started from."""
        return self._seed

    def get_state(self):
        """The state as a tensor of 5056 bytes, laid out as torch's."""
        inner = self._bits.state["state"]
        record = numpy.zeros((), _STATE)
        position = int(inner["pos"])
        record["seed"], record["seeded"], record["words"] = self._seed, 1, inner["key"]
        record["left"] = _WORDS - position + 1
        record["next"] = 0 if self._fresh else position
        if self._kept_normal is not None:
            record["valid"], record["normal"] = 1, self._kept_normal
        return wrap(numpy.frombuffer(record.tobytes(), numpy.uint8).copy())

    def set_state(self, new_state):
        """Continue from a state that get_state returned, here or in torch."""
        if not isinstance(new_state, Tensor) or new_state.dtype is not _dtypes.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if new_state._a.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found "
                f"{new_state._a.size}"
            )
        record = numpy.frombuffer(new_state._a.tobytes(), _STATE)[0]
        left, following = int(record["left"]), int(record["next"])
        if not 1 <= left <= _WORDS or following > _WORDS:
            raise RuntimeError(
                "The RNG state is invalid: its position lies outside the engine's words"
            )
        self._seed = int(record["seed"])
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {
                "key": record["words"].astype(numpy.uint32),
                "pos": _WORDS if left == 1 else following,
            },
        }
        self._kept_normal = float(record["normal"]) if record["valid"] else None
        self._fresh = left == 1 and following == 0

    def clone_state(self):
        """A second generator at the same point of the stream."""
        twin = Generator(self.device)
        twin.set_state(self.get_state())
        return twin

    def __setstate__(self, state):
        """Continue from (seed, offset, state), as torch pickles a generator."""
        self.set_state(state[2])

    def __reduce__(self):
        return (Generator, (self.device,), (self._seed, None, self.get_state()))

    # Draws

    def words(self, count):
        """`count` draws of 32 bits, in a uint64 array."""
        self._fresh = self._fresh and not count
        return self._bits.random_raw(count)

    def long_words(self, count):
        """`count` numbers of 64 bits, of two draws each."""
        pairs = self.words(2 * count)
        return (pairs[0::2] << numpy.uint64(32)) | pairs[1::2]


default_generator = Generator()


def _stream(generator):
    return default_generator if generator is None else generator


def uniform(count, kind, low=0.0, high=1.0, generator=None):
    """`count` numbers in [low, high), of a NumPy floating point type."""
    stream = _stream(generator)
    if kind == numpy.float64:
        unit = (stream.long_words(count) & numpy.uint64((1 << 53) - 1)).astype(
            numpy.float64
        ) * 2.0**-53
        return unit * (high - low) + low
    unit = (stream.words(count) & numpy.uint64((1 << 24) - 1)).astype(numpy.float32)
    unit *= numpy.float32(2.0**-24)
    return (unit * numpy.float32(high - low) + numpy.float32(low)).astype(kind, copy=False)


def normal(count, kind, mean=0.0, std=1.0, generator=None):
    """`count` normally distributed numbers, of a NumPy floating point type."""
    stream = _stream(generator)
    if count < 16:
        return normal_one_by_one(count, kind, mean, std, generator)
    wide = numpy.dtype(numpy.float64 if kind == numpy.float64 else numpy.float32)
    data = uniform(count, wide, generator=stream)
    whole = count - count % 16
    result = numpy.empty(count, wide)
    result[:whole] = _blocks(data[:whole], mean, std)
    if whole != count:
        result[-16:] = _blocks(uniform(16, wide, generator=stream), mean, std)
    return result.astype(kind, copy=False)


def normal_one_by_one(count, kind, mean=0.0, std=1.0, generator=None):
    """As normal, drawn as torch does it for few numbers and for tensors that are not contiguous."""
    stream = _stream(generator)
    return numpy.array([_one_normal(stream) * std + mean for _ in range(count)]).astype(kind)


def _blocks(data, mean, std):
    """Box-Muller on blocks of 16 uniforms."""
    kind = data.dtype.type
    blocks = data.reshape(-1, 2, 8)
    radius = numpy.sqrt(kind(-2) * numpy.log(kind(1) - blocks[:, 0]))
    angle = kind(2 * math.pi) * blocks[:, 1]
    result = numpy.stack((radius * numpy.cos(angle), radius * numpy.sin(angle)), 1)
    return (result * kind(std) + kind(mean)).reshape(-1)


def _one_normal(stream):
    if stream._kept_normal is not None:
        value, stream._kept_normal = stream._kept_normal, None
        return value
    first, second = (
        (stream.long_words(2) & numpy.uint64((1 << 53) - 1)).astype(numpy.float64) * 2.0**-53
    ).tolist()
    radius = math.sqrt(-2.0 * math.log1p(-second))
    angle = 2.0 * math.pi * first
    stream._kept_normal = radius * math.sin(angle)
    return radius * math.cos(angle)


def exponential(count, kind, rate=1.0, generator=None):
    """`count` exponentially distributed numbers, of a NumPy floating point type."""
    unit = uniform(count, numpy.dtype(numpy.float64), generator=generator)
    tiny = numpy.finfo(numpy.float64).eps / 2
    logarithm = numpy.where(unit >= 1 - tiny, -tiny, numpy.log1p(-numpy.minimum(unit, 1 - tiny)))
    return (logarithm * (-1 / rate)).astype(kind)


def integers(low, high, count, generator=None):
    """`count` integers in [low, high), int64."""
    stream = _stream(generator)
    span = high - low
    draws = stream.long_words(count) if span >= 1 << 28 else stream.words(count)
    return (draws % numpy.uint64(span)).astype(numpy.int64) + low


def whole_integers(count, bits, generator=None):
    """`count` integers of `bits` bits, int64: what filling a tensor without bounds draws."""
    stream = _stream(generator)
    draws = stream.long_words(count) if bits > 32 else stream.words(count)
    return (draws & numpy.uint64((1 << bits) - 1)).astype(numpy.int64)


def permutation(count, generator=None):
    """The numbers below `count` in random order, int64."""
    order = list(range(count))
    if count > 1:
        draws = _stream(generator).words(count - 1) % numpy.arange(count, 1, -1, dtype=numpy.uint64)
        for i, step in enumerate(draws.tolist()):
            order[i], order[i + step] = order[i + step], order[i]
    return numpy.array(order, numpy.int64)


def bernoulli(shape, p, generator=None):
    """Booleans, True with probability p: a number, or an array of the shape."""
    kind = (
        numpy.float32
        if isinstance(p, numpy.ndarray) and p.dtype != numpy.float64
        else numpy.float64
    )
    return uniform(math.prod(shape), kind, generator=generator).reshape(shape) < p
