"""The next chunk's inputs, drawn on a thread while the present chunk is trained.

How long the next chunk will be is known only when this one has been timed, so its length is
guessed: what was drawn too much begins the chunk after, what is lacking is drawn when it is asked
for. The values are those of `ChunkSource` bit for bit, since no range of steps changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import numpy as np

from ganbench.contracts import Chunk
from ganbench.data import ChunkSource


class DrawingAhead:
    """Gives the chunks of a source in the order of steps, parts of which may be there already.

    The source is used by one thread at a time: whoever asks for a chunk waits for the thread.
    """

    def __init__(self, source: ChunkSource) -> None:
        self.source = source
        self._thread = ThreadPoolExecutor(1, "drawing")  # starts with the first thing to draw
        self._drawn: Future[Chunk] | None = None
        self._rest: Chunk | None = None  # what was drawn and not yet asked for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def chunk(self, start: int, steps: int) -> Chunk:
        """The inputs of the steps start ... start + steps - 1; raises what drawing them raised."""
        if self._drawn:
            self._rest, self._drawn = self._drawn.result(), None
        found = self._at_least(self._rest, start, steps)
        self._rest = _part(found, steps, None) if len(found.noise) > steps else None
        return _part(found, 0, steps)

    def expect(self, start: int, steps: int) -> None:
        """Begin to draw the steps from `start` on, which will be asked for next; once a chunk."""
        self._drawn = self._thread.submit(self._at_least, self._rest, start, steps)

    def _at_least(self, ready: Chunk | None, start: int, steps: int) -> Chunk:
        """So many steps from `start` on, of which `ready` may have the first, or more."""
        if ready is None or ready.start != start:
            return self.source.chunk(start, steps)
        have = len(ready.noise)
        if have >= steps:
            return ready
        return _joined(ready, self.source.chunk(start + have, steps - have))


def _part(chunk: Chunk, first: int, end: int | None) -> Chunk:
    """Some of a chunk's steps, in the same memory."""
    parts = (_each(lambda array: array[first:end], field) for field in chunk[1:])
    return Chunk(chunk.start + first, *parts)


def _joined(one: Chunk, other: Chunk) -> Chunk:
    """Two chunks that follow one another as one."""
    pairs = zip(one[1:], other[1:], strict=True)
    return Chunk(one.start, *(_each(lambda *both: np.concatenate(both), *pair) for pair in pairs))


def _each(work: Any, *fields: Any) -> Any:
    """What `work` makes of an array, of each one in a mapping, and None of None."""
    if fields[0] is None:
        return None
    if isinstance(fields[0], Mapping):
        return {name: work(*(field[name] for field in fields)) for name in fields[0]}
    return work(*fields)
