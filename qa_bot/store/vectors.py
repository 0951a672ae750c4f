"""Nearest: unit vectors, and the rows of those nearest to a query.

The only file that imports faiss. ``segment.py`` knows what the rows are of.
"""

from math import isqrt
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from qa_bot.models.embedder import Vectors
from qa_bot.store.atomic import Buffer

# Comparing with every vector takes a tenth of an answer's time at about so many: 16 ms at 100,000,
# where an answer takes 115 (``python -m benchmarks scale``, ``python -m benchmarks.timing``).
EXACT_UP_TO = 70_000  # vectors
NPROBE = 7  # one cell of so many is searched
MIN_NPROBE = 32  # cells
TRAINED_ON = 64  # vectors for each cell, whose means the cells are
ROUNDS = 10  # of k-means

Mask = npt.NDArray[np.bool_]  # one value for each row


class VectorIndex:
    """Unit vectors; row ``n`` is the n-th that was given. It never changes; threads may share it.

    Few are all compared with a query. Many are kept in cells, each of the vectors nearest to one
    of about 2 √n centres (FAISS's IndexIVFFlat), and only the cells nearest to the query are
    searched; the vectors stay what they are, and so do their scores.
    """

    def __init__(self, data: Buffer) -> None:
        """Take the vectors from the bytes of a VectorIndex, without copying them.

        Raises ValueError or RuntimeError for other bytes.
        """
        import faiss

        view = np.frombuffer(data, dtype=np.uint8)
        reader = faiss.ZeroCopyIOReader(  # type: ignore[attr-defined]
            faiss.swig_ptr(view), view.size
        )
        index: Any = faiss.read_index(reader, faiss.IO_FLAG_MMAP_IFC)
        if type(index) not in (faiss.IndexFlatIP, faiss.IndexIVFFlat):
            raise ValueError(f"{type(index).__name__} is of no kind that is kept")
        self._index = index
        self.data = data  # the same for the same vectors; held, because the index is a view of it

    @classmethod
    def build(cls, matrix: Vectors, *, exact_up_to: int = EXACT_UP_TO) -> Self:
        """Keep vectors ``(n, dim)``: in cells when they are more than ``exact_up_to``."""
        import faiss

        count, dimension = matrix.shape
        index: Any = faiss.IndexFlatIP(dimension)
        if count > exact_up_to:
            index = faiss.IndexIVFFlat(
                index, dimension, 2 * isqrt(count), faiss.METRIC_INNER_PRODUCT
            )
            index.cp.min_points_per_centroid = 1
            index.cp.max_points_per_centroid = TRAINED_ON
            index.cp.niter = ROUNDS
            index.train(matrix)
        index.add(matrix)
        if count > exact_up_to:  # keep in which cell each is, so that it can be read again
            index.set_direct_map_type(faiss.DirectMap.Array)  # type: ignore[attr-defined]
        return cls(memoryview(faiss.serialize_index(index)))  # type: ignore[arg-type]

    @property
    def shape(self) -> tuple[int, int]:
        """How many vectors there are, and of how many numbers."""
        return self._index.ntotal, self._index.d

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def matrix(self, rows: range | None = None) -> Vectors:
        """Return the vectors ``(n, dim)`` of successive rows, or of all; a copy."""
        first, count = (0, len(self)) if rows is None else (rows.start, len(rows))
        matrix: Vectors = self._index.reconstruct_n(first, count)
        return matrix

    def search(
        self, vector: Vectors, k: int, among: Mask | None = None, *, every_cell: bool = False
    ) -> list[tuple[int, float]]:
        """Return the ``k`` rows nearest to a unit vector ``(dim,)`` and their cosines, best first.

        ``among``: the rows to choose from; None for all. Unless ``every_cell`` is searched, some
        may be missed where there are cells. Equal ones come by row.
        """
        size = len(self) if among is None else int(np.count_nonzero(among))
        if not size:  # FAISS wants k >= 1
            return []
        parameters = self._parameters(among, every_cell)
        scores, rows = self._index.search(vector[np.newaxis], min(k, size), params=parameters)
        found = zip(rows[0].tolist(), scores[0].tolist(), strict=True)
        return sorted((it for it in found if it[0] >= 0), key=lambda it: (-it[1], it[0]))

    def _parameters(self, among: Mask | None, every_cell: bool) -> Any:
        import faiss

        cells = getattr(self._index, "nlist", 0)
        found: Any = faiss.SearchParametersIVF() if cells else faiss.SearchParameters()
        if cells:
            found.nprobe = cells if every_cell else max(MIN_NPROBE, cells // NPROBE)
        if among is not None:
            bits: Any = np.packbits(among, bitorder="little")
            found.sel = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg]
        return found
